//! Interim background.
use rustc_hash::FxHashMap;
/// Document counts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Frequency {
    /// reports
    pub reports: u32,
    /// regulations
    pub regulations: u32,
}
/// Table.
#[derive(Debug)]
pub struct Background {
    map: FxHashMap<Vec<char>, (u16, u16)>,
    totals: (u32, u32),
}
impl Background {
    /// Loads.
    pub fn embedded() -> Self {
        let text = std::fs::read_to_string("/tmp/bg/table.tsv").expect("table");
        let mut lines = text.lines();
        let mut t = lines.next().expect("first").split('\t').map(|x| x.parse::<u32>().expect("n"));
        let totals = (t.next().expect("a"), t.next().expect("b"));
        let mut map = FxHashMap::default();
        for line in lines {
            let mut c = line.split('\t');
            let key: Vec<char> = c.next().expect("k").chars().collect();
            map.insert(key, (c.next().expect("a").parse().expect("n"), c.next().expect("b").parse().expect("n")));
        }
        Self { map, totals }
    }
    /// Counts.
    pub fn frequency(&self, ngram: &[char]) -> Frequency {
        let (reports, regulations) = self.map.get(ngram).copied().unwrap_or_default();
        Frequency { reports: reports.into(), regulations: regulations.into() }
    }
    /// Totals.
    pub fn totals(&self) -> Frequency {
        Frequency { reports: self.totals.0, regulations: self.totals.1 }
    }
}
