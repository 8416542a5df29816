// Asks rsigma's evaluator which rules match which events.
//
//     sigma-peer verdicts RULES EVENTS   a line an event, in order: the ids of the rules that match it, blank between
//     sigma-peer bench RULES EVENTS N    evaluates all events in batches, on N threads' worth of rayon (RAYON_NUM_THREADS);
//                                        prints events, matches and seconds: loading apart, then parsing and evaluating
//
// RULES is a file of Sigma documents or a folder of such files, EVENTS a file with one JSON object a line. A file of rules
// that the parser refuses is told on standard error as `unread PATH: why`, a rule that does not compile as `unread ID: why`.
use rsigma_eval::event::JsonEvent;
use rsigma_eval::Engine;
use rsigma_parser::parse_sigma_yaml;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

fn files(root: &Path, out: &mut Vec<PathBuf>) {
    if root.is_dir() {
        let mut entries: Vec<PathBuf> = std::fs::read_dir(root)
            .expect("rules folder")
            .map(|e| e.expect("entry").path())
            .collect();
        entries.sort();
        entries.iter().for_each(|entry| files(entry, out));
    } else if root.extension().is_some_and(|e| e == "yml" || e == "yaml") {
        out.push(root.to_path_buf());
    }
}

fn load(root: &str) -> Engine {
    let mut engine = Engine::new();
    let mut paths = Vec::new();
    files(Path::new(root), &mut paths);
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("rule file");
        match parse_sigma_yaml(&text) {
            Ok(collection) => {
                for error in &collection.errors {
                    eprintln!("unread {}: {error}", path.display());
                }
                for rule in &collection.rules {
                    if let Err(error) = engine.add_rule(rule) {
                        eprintln!("unread {}: {error}", rule.id.clone().unwrap_or_default());
                    }
                }
            }
            Err(error) => eprintln!("unread {}: {error}", path.display()),
        }
    }
    engine.set_cross_rule_ac(true);
    engine
}

fn verdicts(engine: &Engine, text: &str) {
    let out = std::io::stdout();
    let mut out = std::io::BufWriter::new(out.lock());
    for line in text.lines() {
        let value: serde_json::Value = serde_json::from_str(line).expect("event");
        let mut ids: Vec<String> = engine
            .evaluate(&JsonEvent::borrow(&value))
            .iter()
            .filter_map(|result| result.header.rule_id.clone())
            .collect();
        ids.sort();
        writeln!(out, "{}", ids.join(" ")).expect("write");
    }
}

fn bench(engine: &Engine, text: &str) {
    let begin = Instant::now();
    let (mut events, mut matches) = (0usize, 0usize);
    let lines: Vec<&str> = text.lines().collect();
    for chunk in lines.chunks(4096) {
        let values: Vec<serde_json::Value> = chunk
            .iter()
            .map(|line| serde_json::from_str(line).expect("event"))
            .collect();
        let wrapped: Vec<JsonEvent> = values.iter().map(JsonEvent::borrow).collect();
        let borrowed: Vec<&JsonEvent> = wrapped.iter().collect();
        events += borrowed.len();
        matches += engine.evaluate_batch(&borrowed).iter().map(Vec::len).sum::<usize>();
    }
    println!("{events} {matches} {:.6}", begin.elapsed().as_secs_f64());
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.len() < 4 {
        eprintln!("sigma-peer verdicts|bench RULES EVENTS");
        std::process::exit(2);
    }
    let engine = load(&arguments[2]);
    let text = std::fs::read_to_string(&arguments[3]).expect("events");
    match arguments[1].as_str() {
        "verdicts" => verdicts(&engine, &text),
        _ => bench(&engine, &text),
    }
}
