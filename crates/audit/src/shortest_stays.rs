use std::collections::BTreeMap;

use groundbreak_workflow::Case;

/// Returns the shortest time any of these cases stayed in each state, in milliseconds of elapsed
/// time. Only stays that are over count; a state that nobody has left yet is missing.
pub fn shortest_stays<'a>(cases: impl IntoIterator<Item = &'a Case>) -> BTreeMap<String, i64> {
    let mut shortest: BTreeMap<String, i64> = BTreeMap::new();
    for (state, stays) in cases.into_iter().flat_map(|case| &case.stays) {
        let over = stays.iter().filter_map(|stay| {
            let to = stay.to?;
            // What was recorded late can have ended before it began.
            Some(to.millis_since(stay.from).max(0))
        });
        if let Some(ms) = over.min() {
            let known = shortest.entry(state.clone()).or_insert(ms);
            *known = ms.min(*known);
        }
    }
    shortest
}
