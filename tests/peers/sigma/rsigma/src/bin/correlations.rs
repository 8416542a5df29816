// Asks rsigma which correlations hold, and when.
//
//     correlations RULES EVENTS   a line each time one fires, in the order of events: the number of the event, the
//                                 correlation's title, its value, and its group as JSON, with tabs between
//
// RULES is a file of Sigma documents, EVENTS a file with one JSON object a line, sorted by their field `time`, for rsigma
// decides in the order of arrival.
use rsigma_eval::event::JsonEvent;
use rsigma_eval::{CorrelationConfig, CorrelationEngine};
use rsigma_parser::parse_sigma_yaml;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.len() < 3 {
        eprintln!("correlations RULES EVENTS");
        std::process::exit(2);
    }
    let rules = std::fs::read_to_string(&arguments[1]).expect("rules");
    let events = std::fs::read_to_string(&arguments[2]).expect("events");
    let mut engine = CorrelationEngine::new(CorrelationConfig {
        timestamp_fields: vec!["time".to_string()],
        max_state_entries: 10_000_000,
        ..CorrelationConfig::default()
    });
    let collection = parse_sigma_yaml(&rules).expect("rules");
    for error in &collection.errors {
        eprintln!("unread: {error}");
    }
    if let Err(error) = engine.add_collection(&collection) {
        eprintln!("unread: {error}");
        std::process::exit(1);
    }
    for (number, line) in events.lines().enumerate() {
        let value: serde_json::Value = serde_json::from_str(line).expect("event");
        for result in engine.process_event(&JsonEvent::borrow(&value)) {
            if let Some(correlation) = result.as_correlation() {
                let group = serde_json::to_string(&correlation.group_key).expect("group");
                println!(
                    "{number}\t{}\t{}\t{group}",
                    result.header.rule_title, correlation.aggregated_value
                );
            }
        }
    }
}
