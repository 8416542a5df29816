// bench_json_simdjson.cpp: simdjson's DOM for the JSON benchmark, every value visited.
#include "bench_json.h"

#include <simdjson.h>
#include <string>

struct bench_simdjson {
    const simdjson::implementation *kernel;
    simdjson::dom::parser parser = simdjson::dom::parser();
};

static void see_string(std::string_view s, bench_seen &seen)
{
    seen.string_bytes += s.size();
    if (!s.empty())
        seen.string_sum += static_cast<unsigned char>(s.front()) + static_cast<unsigned char>(s.back());
}

static void visit(simdjson::dom::element element, bench_seen &seen)
{
    using simdjson::dom::element_type;
    seen.values++;
    switch (element.type()) {
    case element_type::ARRAY: {
        simdjson::dom::array items = element.get_array().value_unsafe();
        for (simdjson::dom::element item : items)
            visit(item, seen);
        break;
    }
    case element_type::OBJECT: {
        simdjson::dom::object fields = element.get_object().value_unsafe();
        for (auto field : fields) {
            see_string(field.key, seen);
            visit(field.value, seen);
        }
        break;
    }
    case element_type::STRING:
        see_string(element.get_string().value_unsafe(), seen);
        break;
    case element_type::INT64:
        seen.numbers += static_cast<double>(element.get_int64().value_unsafe());
        break;
    case element_type::UINT64:
        seen.numbers += static_cast<double>(element.get_uint64().value_unsafe());
        break;
    case element_type::DOUBLE:
        seen.numbers += element.get_double().value_unsafe();
        break;
    case element_type::BOOL:
        seen.numbers += element.get_bool().value_unsafe() ? 1 : 0;
        break;
    case element_type::NULL_VALUE:
        break;
    }
}

bench_simdjson *bench_simdjson_new(const char *kernel)
{
    const simdjson::implementation *found = simdjson::get_available_implementations()[kernel];
    if (!found || !found->supported_by_runtime_system())
        return nullptr;
    return new bench_simdjson{found};
}

const char *bench_simdjson_best(void)
{
    static const std::string name = simdjson::get_available_implementations().detect_best_supported()->name();
    return name.c_str();
}

bool bench_simdjson_read(bench_simdjson *reader, const char *text, size_t length, bench_seen *seen)
{
    simdjson::get_active_implementation() = reader->kernel;
    simdjson::dom::element root;
    if (reader->parser.parse(text, length, false).get(root))
        return false;
    visit(root, *seen);
    return true;
}
