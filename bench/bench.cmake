# The benchmarks, a section each; included when VIGIL_BENCH is on. bench/README.md tells how to run and read them.

# ---- json: the reader beside simdjson and jansson ----
pkg_check_modules(SIMDJSON REQUIRED IMPORTED_TARGET simdjson)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
add_executable(bench_json bench/bench_json.c bench/bench_json_samples.c bench/bench_json_simdjson.cpp)
target_include_directories(bench_json PRIVATE ${CMAKE_SOURCE_DIR}/bench)
target_link_libraries(bench_json PRIVATE vg_format PkgConfig::SIMDJSON PkgConfig::JANSSON)

# ---- import: exports of an organisation beside the JSON reader and the store ----
add_executable(bench_import bench/bench_import.c)
target_compile_definitions(bench_import PRIVATE VIGIL_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
target_link_libraries(bench_import PRIVATE vg_evidence)

# ---- store: findings a second, beside the disk ----
add_executable(bench_store bench/bench_store.c)
target_link_libraries(bench_store PRIVATE vg_hub)

# ---- compare: changes to the managed policies, and growth ----
add_executable(bench_compare bench/bench_compare.c)
target_include_directories(bench_compare PRIVATE ${CMAKE_SOURCE_DIR}/tests)
target_compile_definitions(bench_compare PRIVATE VIGIL_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
target_link_libraries(bench_compare PRIVATE vg_policy)

# ---- lint: all managed policies, on one core ----
add_executable(bench_lint bench/bench_lint.c)
target_compile_definitions(bench_lint PRIVATE VIGIL_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
target_link_libraries(bench_lint PRIVATE vg_policy)

# ---- matrix: 10,000 principals times all actions, on one core ----
add_executable(bench_matrix bench/bench_matrix.c)
target_compile_definitions(bench_matrix PRIVATE VIGIL_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
target_link_libraries(bench_matrix PRIVATE vg_policy)

# ---- policy: decisions from raw strings, and compiling, on one core ----
add_executable(bench_policy bench/bench_policy.c)
target_compile_definitions(bench_policy PRIVATE VIGIL_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
target_link_libraries(bench_policy PRIVATE vg_policy)

# ---- paths: the access graph over 10,000 roles with every technique, on one core ----
add_executable(bench_paths bench/bench_paths.c)
target_compile_definitions(bench_paths PRIVATE VIGIL_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
target_link_libraries(bench_paths PRIVATE vg_policy)

# ---- what-if: an SCP against the uses of 1,000 accounts, on one core ----
add_executable(bench_what_if bench/bench_what_if.c)
target_compile_definitions(bench_what_if PRIVATE VIGIL_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
target_link_libraries(bench_what_if PRIVATE vg_policy)

# ---- search: one access key in a year of events, by a cold process ----
add_executable(bench_search bench/bench_search.c)
target_link_libraries(bench_search PRIVATE vg_trail vg_evidence)

# ---- correlate: signals through a store and a correlator, and growth ----
add_executable(bench_correlate bench/bench_correlate.c)
target_include_directories(bench_correlate PRIVATE ${CMAKE_SOURCE_DIR}/tests)
target_link_libraries(bench_correlate PRIVATE vg_detect)

# ---- trail: detection over CloudTrail's files, beside libdeflate alone (bench_trail.sh) ----
pkg_check_modules(BENCH_DEFLATE REQUIRED IMPORTED_TARGET libdeflate)
add_executable(bench_trail_inflate bench/bench_trail_inflate.c)
target_link_libraries(bench_trail_inflate PRIVATE vg_flags PkgConfig::BENCH_DEFLATE)
