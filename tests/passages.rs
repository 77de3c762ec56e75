//! Which stretches of two small texts are told as one passage, which as two, and what links on so little rest on.
//!
//! The words of golden echoes stand alone here: a sentence or two is what a new user tries first.

mod engine_support;

use std::fmt::Write as _;

use engine_support::compare;
use policy_echo::compare::comparison::OriginKind;

/// Echoes as `left ~ right`, formula with ○ before it, links as `left⇄right`.
fn check(left: &str, right: &str) -> String {
    let found = compare(left, right);
    let mut out = String::new();
    for passage in &found.passages {
        let mark = if passage.origin.kind == OriginKind::Formula { "○ " } else { "" };
        let (left, right) = (&left[passage.left.range()], &right[passage.right.range()]);
        let _ = writeln!(out, "{mark}{left} ~ {right}");
    }
    for link in &found.links {
        let _ = writeln!(out, "{}⇄{}", link.left, link.right);
    }
    out.replace("\n\n", "\n").trim_end().to_owned()
}

#[test]
fn a_golden_sentence_alone_is_found() {
    for (left, right) in [
        ("坚定不移举全省之力强力推进粤港澳大湾区建设。", "舉全市之力推動粵港澳大灣區(qū)建設(shè)。"),
        ("打造具有强大国际竞争力的现代产业体系", "構(gòu)建具有全球競(jìng)爭(zhēng)力的現(xiàn)代產(chǎn)業(yè)體系"),
        ("提供坚强政治保证和组织保证。", "提供堅(jiān)強(qiáng)政治保證和組織保證。"),
        ("推动“1+1+9”工作部署落实。", "认真落实省委“1+1+9”工作部署。"),
    ] {
        assert_eq!(check(left, right), format!("{left} ~ {right}\n0⇄0"));
    }
}

#[test]
fn two_sentences_are_told_apart_from_formula_beside_them() {
    let left = "省委常委会主持会议。\n坚定不移举全省之力强力推进粤港澳大湾区建设，新增就业110万人。";
    let right = "全会由市委常委会主持。\n举全市之力推动粤港澳大湾区建设向纵深发展，新增就业20万人。";
    let found = compare(left, right);
    assert_eq!(found.links.iter().map(|link| (link.left, link.right)).collect::<Vec<_>>(), [(1, 1)]);
    let echoes: Vec<_> = found.passages.iter().filter(|passage| passage.is_echo()).collect();
    assert_eq!(echoes.len(), 1, "{echoes:?}");
    assert!(left[echoes[0].left.range()].contains("举全省之力") && left[echoes[0].left.range()].contains("110万人"));
}

#[test]
fn formula_alone_makes_no_link_however_short_the_documents() {
    for (left, right) in [
        ("坚持以习近平新时代中国特色社会主义思想为指导。", "坚持以习近平新时代中国特色社会主义思想为指导。"),
        ("高举中国特色社会主义伟大旗帜，不忘初心、牢记使命。", "高举中国特色社会主义伟大旗帜，不忘初心、牢记使命。"),
        ("会议由省委常委会主持。", "会议由市委常委会主持。"),
        ("本条例自公布之日起施行。", "本条例自公布之日起施行。"),
        (
            "全面贯彻党的十九大精神，认真落实党中央决策部署。\n会议由省委常委会主持。",
            "深入贯彻党的十九大精神，认真落实党中央决策部署。\n会议由市委常委会主持。",
        ),
    ] {
        let found = compare(left, right);
        assert!(found.links.is_empty(), "{left}: {:?}", found.links);
        assert!(found.passages.iter().all(|passage| !passage.is_echo()), "{left}: {}", check(left, right));
    }
}

#[test]
fn sentences_that_have_nothing_in_common_stay_apart() {
    assert_eq!(check("加强农村公路养护管理。", "推进数字政府改革建设。"), "");
    assert_eq!(check("鼓励企业参与标准制定。", "鼓励公民参与志愿服务。"), "");
}

/// A law of a few articles, so that the thresholds of laws hold.
fn law(articles: &[&str]) -> String {
    let numerals = ["一", "二", "三", "四", "五", "六", "七", "八"];
    articles.iter().zip(numerals).map(|(words, number)| format!("第{number}条 {words}\n")).collect()
}

#[test]
fn an_echo_set_into_the_middle_of_another_is_a_passage_of_its_own() {
    let outer = (
        "公共供水单位应当采用先进制水技术，加强对供水设施的维护改造，",
        "确保管网漏损率符合国家标准；超过标准的部分不得计入供水定价成本。",
    );
    let inner = "纳入取水许可管理的单位应当安装用水计量设施，并保证计量设施正常运行。";
    let other = "烟花爆竹零售点与学校、幼儿园的距离不得少于一百米。";
    let left = law(&[&format!("{}{}", outer.0, outer.1), inner, other, "盲道不得被非机动车占用。"]);
    let right = law(&["古树名木由林业部门挂牌。", &format!("{}{inner}{}", outer.0, outer.1), "渡口应当设置安全标志。"]);
    let found = compare(&left, &right);
    let holds = |words: &str| {
        let stretch = |passage: &&policy_echo::compare::comparison::Passage| {
            left[passage.left.range()].contains(words) && right[passage.right.range()].contains(words)
        };
        found.passages.iter().filter(stretch).count()
    };
    assert_eq!(holds("保证计量设施正常运行"), 1, "{}", check(&left, &right));
    assert_eq!(holds("确保管网漏损率符合国家标准"), 1, "{}", check(&left, &right));
}

#[test]
fn of_places_that_say_the_same_the_one_in_order_answers() {
    let left = law(&[
        "工程招标的范围如下：施工的单项合同估算价在一百万元以上的；勘察、设计、监理等服务的采购，单项合同估算价在三十万元以上的。",
        "盲道不得被非机动车占用。",
        "古树名木由林业部门挂牌。",
    ]);
    let right = law(&[
        "渡口应当设置安全标志。",
        "勘察、设计、监理等服务的采购，单项合同估算价在四十万元以上的。",
        "烟花爆竹零售点应当远离学校。",
    ]);
    let found = compare(&left, &right);
    let words: Vec<&str> = found.passages.iter().map(|passage| &left[passage.left.range()]).collect();
    assert_eq!(words, ["勘察、设计、监理等服务的采购，单项合同估算价在三十万元以上的。"]);
}
