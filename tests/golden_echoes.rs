//! The echoes that readers of the five seeds marked by hand are found as passages whose spans quote the raw text, and
//! what is localised formula is told as such.
//!
//! The raw texts stand as they were scraped: in traditional characters, with pinyin in brackets. Each case names the
//! core that both stretches must hold, as it stands in the raw text; how much more of its clause a stretch takes in is the
//! finder's business.

use std::path::Path;
use std::sync::LazyLock;

use policy_echo::compare::comparison::{Comparison, Edit, EditKind, EditOp, Passage};
use policy_echo::compare::engine::{Engine, EngineSettings};
use policy_echo::compare::options::CompareOptions;
use policy_echo::text::cancel::Cancel;
use policy_echo::text::document::{Document, DocumentLimits, Metadata};
use policy_echo::text::span::Pair;

static ENGINE: LazyLock<Engine> =
    LazyLock::new(|| Engine::load(EngineSettings::default()).expect("the embedded tables are sound"));

const PLENUM_2019: &str = "guangdong-2019-07-26-plenum.txt";
const PLENUM_2020: &str = "guangzhou-2020-12-01-plenum.txt";
const GROUP_2021: &str = "guangzhou-2021-02-leading-group.txt";
const RESOLUTION_2022: &str = "guangzhou-2022-09-22-resolution.txt";

struct Seeds {
    raw: Pair<String>,
    found: Comparison,
}

fn seeds(left: &str, right: &str) -> Seeds {
    let raw = Pair::new(left, right).map(|name| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    });
    let documents = raw
        .as_ref()
        .map(|text| Document::new(text.clone(), Metadata::default(), DocumentLimits::default()).expect("a document"));
    let options = CompareOptions::default();
    let found = ENGINE.compare(&documents, &[], &options, &Cancel::new()).expect("nobody cancels");
    Seeds { raw, found }
}

impl Seeds {
    /// The raw words of both stretches of a passage.
    fn quote(&self, passage: &Passage) -> (&str, &str) {
        (&self.raw.left[passage.left.range()], &self.raw.right[passage.right.range()])
    }

    /// The closest of the passages that hold the words of either side.
    fn echo(&self, left: &str, right: &str) -> &Passage {
        assert!(self.raw.left.contains(left) && self.raw.right.contains(right), "{left} → {right} stands in the texts");
        let holding = self.found.passages.iter().filter(|passage| {
            let (left_words, right_words) = self.quote(passage);
            left_words.contains(left) && right_words.contains(right)
        });
        holding.max_by(|a, b| a.similarity.total_cmp(&b.similarity)).unwrap_or_else(|| {
            let beside: Vec<String> = self
                .found
                .passages
                .iter()
                .filter(|p| self.quote(p).0.contains(left) || self.quote(p).1.contains(right))
                .map(|p| format!("{:?} {:.1} bits: {:?}", p.origin.kind, p.weight, self.quote(p)))
                .collect();
            panic!("no passage {left} → {right}; beside it:\n{}", beside.join("\n"))
        })
    }

    /// The changes of one kind inside a passage.
    fn changes(&self, passage: &Passage, kind: &EditKind) -> Vec<(&str, &str)> {
        let of_kind = |edit: &&Edit| edit.op() != EditOp::Equal && edit.kind.as_ref() == Some(kind);
        let words = |edit: &Edit| (&self.raw.left[edit.left.range()], &self.raw.right[edit.right.range()]);
        passage.edits.iter().filter(of_kind).map(words).collect()
    }
}

#[test]
fn the_whole_province_becomes_the_whole_city() {
    let seeds = seeds(PLENUM_2019, GROUP_2021);
    let echo = seeds.echo("举全省之力强力推进粤港澳大湾区建设", "舉全市之力推動粵港澳大灣區(qū)建設(shè)");
    assert!(echo.is_echo());
    assert_eq!(seeds.changes(echo, &EditKind::Localization), [("全省", "全市")]);
}

#[test]
fn a_system_of_industry_comes_back_twice() {
    let plenum = seeds(PLENUM_2019, PLENUM_2020);
    let echo =
        plenum.echo("竞争力的现代产业体系", "構(gòu)建具有全球競(jìng)爭(zhēng)力的現(xiàn)代產(chǎn)業(yè)體系");
    assert!(echo.is_echo());
    let resolution = seeds(PLENUM_2019, RESOLUTION_2022);
    let echo = resolution.echo("具有强大国际竞争力的现代产业体系", "构建具有国际竞争力的现代产业体系");
    assert!(echo.is_echo());
}

#[test]
fn a_guarantee_comes_back_for_another_aim() {
    let seeds = seeds(PLENUM_2019, PLENUM_2020);
    let echo = seeds.echo("提供坚强政治保证和组织保证", "提供堅(jiān)強(qiáng)政治保證和組織保證");
    assert!(echo.is_echo() && echo.weight > 10.0, "{echo:?}");
}

#[test]
fn a_slogan_of_the_province_comes_back_with_its_twin_of_the_city() {
    let seeds = seeds(PLENUM_2019, PLENUM_2020);
    assert!(seeds.echo("“1+1+9”工作部署", "省委“1+1+9”工作部署").is_echo());
    let twin = seeds.echo("“1+1+9”工作部署", "“1+1+4”工作舉措");
    assert!(twin.is_echo());
    assert_eq!(seeds.changes(twin, &EditKind::Slogan), [("1+1+9", "1+1+4")]);
}

#[test]
fn a_plan_of_regions_comes_back_with_and_without_its_words() {
    for (right, words) in [
        (PLENUM_2020, "引領(lǐng)帶動(dòng)“一核一帶一區(qū)”協(xié)調(diào)發(fā)展"),
        (GROUP_2021, "推動“一核一帶一區(qū)”建設(shè)"),
        (RESOLUTION_2022, "“一核一带一区”区域协调发展"),
    ] {
        assert!(seeds(PLENUM_2019, right).echo("以“一核一带一区", words).is_echo(), "{right}");
    }
}

#[test]
fn who_presides_is_localised_formula_and_no_echo() {
    for (right, body) in [(PLENUM_2020, "市委常委會(huì)"), (RESOLUTION_2022, "市委常委会")] {
        let seeds = seeds(PLENUM_2019, right);
        let said = seeds.echo("省委常委会主持会议", &format!("{body}主持"));
        assert!(!said.is_echo(), "{said:?}");
        assert_eq!(seeds.changes(said, &EditKind::Localization), [("省委常委会", body)]);
    }
}
