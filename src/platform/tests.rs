//! Tests of `platform`.

use proptest::prelude::{any, prop_assert_eq, proptest};

use super::{Platform, PlatformError, PlatformPrefix, is_valid_for_bake, split_list};

#[track_caller]
fn platform(text: &str) -> Platform {
    text.parse().expect("a platform")
}

#[track_caller]
fn prefix(text: &str) -> PlatformPrefix {
    text.parse().expect("a prefix")
}

#[track_caller]
fn error(text: &str) -> String {
    text.parse::<Platform>().expect_err("no platform").to_string()
}

#[test]
fn typos_in_platforms_are_noticed() {
    let unknown = |text: &str| {
        text.parse::<Platform>().unwrap().unknown_part().map(|(part, near)| (part.to_owned(), near))
    };
    let meant = |near: &'static str| Some(near.into());
    assert_eq!(unknown("linux/amd64"), None);
    assert_eq!(unknown("lnux/amd64"), Some(("lnux".to_owned(), meant("linux"))));
    assert_eq!(unknown("linux/amd46"), Some(("amd46".to_owned(), meant("amd64"))));
    for (part, near) in [
        ("armv7", "arm/v7"),
        ("arm32", "arm/v7"),
        ("arm32v6", "arm/v6"),
        ("armv5te", "arm/v5"),
        ("arm64v8", "arm64"),
        ("armv8", "arm64"),
        ("i686", "386"),
        ("x86", "386"),
        ("ppc64el", "ppc64le"),
        ("loongarch64", "loong64"),
        ("arm7", "arm/v7"),
        ("arm-v7", "arm/v7"),
        ("arm_v6", "arm/v6"),
        ("arm32-v5", "arm/v5"),
        ("arm8", "arm64"),
        ("arm64-v9", "arm64/v9"),
        ("amd64v2", "amd64/v2"),
        ("x86-64-v3", "amd64/v3"),
        // No machine has these.
        ("amd64v7", "amd64"),
        ("arm64v1", "arm64"),
    ] {
        assert_eq!(unknown(&format!("linux/{part}")), Some((part.to_owned(), meant(near))));
        let told = error(part);
        assert!(told.contains(&format!("did you mean `linux/{near}`?")), "{told}");
    }
    assert_eq!(unknown("linux/aarch64_v8.2"), Some(("aarch64_v8.2".to_owned(), meant("arm64/v8.2"))));
    // What is proposed is known, and so is what containerd normalises.
    for known in
        ["linux/arm/v7", "linux/arm/v6", "linux/386", "linux/loong64", "linux/aarch64", "linux/armhf"]
    {
        assert_eq!(unknown(known), None, "{known}");
    }
}

#[test]
fn variants_that_no_machine_has_are_noticed() {
    let unknown = |text: &str| text.parse::<Platform>().unwrap().unknown_variant().map(str::to_owned);
    for known in [
        "linux/amd64",
        "linux/amd64/v1",
        "linux/amd64/v4",
        "linux/arm64",
        "linux/arm64/v8",
        "linux/arm64/v8.0",
        "linux/arm64/v8.5",
        "linux/arm64/9",
        "linux/arm64/v9",
        "linux/arm64/v9.2",
        "linux/arm",
        "linux/arm/5",
        "linux/arm/v6",
        "linux/arm/v8",
        "linux/386",
        "linux/riscv64",
        "linux/s390x",
        "i386",
    ] {
        assert_eq!(unknown(known), None, "{known}");
    }
    for (text, variant) in [
        ("linux/amd64/v5", "v5"),
        ("linux/amd64/3", "3"),
        ("linux/arm64/v7", "v7"),
        ("linux/arm64/v10", "v10"),
        ("linux/arm64/v8.x", "v8.x"),
        ("linux/arm/v4", "v4"),
        ("linux/arm/v9", "v9"),
        ("linux/arm/armv7", "armv7"),
        ("linux/386/v2", "v2"),
        ("linux/riscv64/rva", "rva"),
    ] {
        assert_eq!(unknown(text).as_deref(), Some(variant), "{text}");
    }
}

#[test]
fn platforms_are_normalised() {
    for (written, normal) in [
        ("linux/amd64", "linux/amd64"),
        ("linux/amd64/v1", "linux/amd64"),
        ("linux/amd64/v3", "linux/amd64/v3"),
        ("LINUX/AMD64/V3", "linux/amd64/v3"),
        ("linux/x86_64", "linux/amd64"),
        ("linux/x86_64/v1", "linux/amd64"),
        ("linux/x86-64/v2", "linux/amd64/v2"),
        ("linux/i386", "linux/386"),
        ("linux/i486", "linux/i486"),
        ("linux/aarch64", "linux/arm64"),
        ("linux/arm64/v8", "linux/arm64"),
        ("linux/arm64/8", "linux/arm64"),
        ("linux/aarch64/v8.0", "linux/arm64"),
        ("linux/arm64/9", "linux/arm64/v9"),
        ("linux/armhf", "linux/arm/v7"),
        ("linux/armel", "linux/arm/v6"),
        ("linux/arm", "linux/arm/v7"),
        ("linux/arm/7", "linux/arm/v7"),
        ("linux/arm/v7", "linux/arm/v7"),
        ("linux/arm/5", "linux/arm/v5"),
        ("linux/arm/6", "linux/arm/v6"),
        ("linux/arm/8", "linux/arm/v8"),
        ("macos/arm64", "darwin/arm64"),
        ("linux/unheard-of", "linux/unheard-of"),
        ("arm64", "linux/arm64"),
        ("x86_64", "linux/amd64"),
        ("arm", "linux/arm/v7"),
        ("armel", "linux/arm/v6"),
        ("s390x", "linux/s390x"),
        ("windows(10.0.20348.1)/amd64", "windows(10.0.20348.1)/amd64"),
        ("windows(10.0.17763+win32k)/amd64", "windows(10.0.17763+win32k)/amd64"),
        ("linux(+b+a+b)/amd64", "linux(+a+b)/amd64"),
        ("linux()/amd64", "linux/amd64"),
        ("linux(a%2Bb)/amd64/v2", "linux(a%2Bb)/amd64/v2"),
        ("linux(%61)/amd64", "linux(a)/amd64"),
    ] {
        assert_eq!(platform(written).to_string(), normal, "{written}");
        assert_eq!(platform(normal), platform(written), "{written}");
        assert_eq!(is_valid_for_bake(written), Ok(()), "{written}");
    }
}

#[test]
fn parts_are_separate() {
    let parsed = platform("Windows(10.0.17763+win32k+a%2Fb)/AMD64/v2");
    assert_eq!(parsed.os(), "windows");
    assert_eq!(parsed.os_version(), "10.0.17763");
    assert_eq!(parsed.0.os_features, ["a/b", "win32k"]);
    assert_eq!((parsed.architecture(), parsed.variant()), ("amd64", "v2"));
}

#[test]
fn invalid_platforms_are_refused_by_us_and_by_bake() {
    for bad in [
        "",
        " linux/amd64",
        "linux/amd64 ",
        "linux/",
        "/amd64",
        "linux//v7",
        "linux/arm/v7/",
        "linux/arm/v7/x",
        "linux/*",
        "*",
        "lunix",
        "i486",
        "linux.x/amd64",
        "linux(/amd64",
        "linux(1/amd64",
        "linux(1)x/amd64",
        "linux((1))/amd64",
        "linux(1++a)/amd64",
        "linux(1+a+)/amd64",
        "linux(+)/amd64",
        "linux(1+)/amd64",
        "windows(10.0.1+)",
        "linux(%2)/amd64",
        "linux(%+a)/amd64",
        "linux(%zz)/amd64",
        "linux/amd64,",
        "linux/ämd64",
        "linux/amd64\n",
    ] {
        assert!(bad.parse::<Platform>().is_err(), "{bad}");
        assert!(is_valid_for_bake(bad).is_err(), "{bad}");
    }
}

#[test]
fn bake_also_accepts_what_depends_on_the_machine() {
    for text in [
        "local",
        "LOCAL",
        "linux",
        "Linux",
        "macos",
        "windows(10.0)",
        "linux/amd64,local",
        "linux(%0A)/amd64",
    ] {
        assert_eq!(is_valid_for_bake(text), Ok(()), "{text}");
        assert!(text.parse::<Platform>().is_err(), "{text}");
    }
}

#[test]
fn errors_say_what_was_found_and_expected() {
    assert_eq!("local".parse::<Platform>(), Err(PlatformError::Local));
    assert_eq!(
        error("linux"),
        "platform \"linux\" lacks an architecture; expected os/architecture[/variant] such as `linux/amd64`"
    );
    assert_eq!(
        error("amd46"),
        "\"amd46\" is neither an operating system nor an architecture; did you mean `linux/amd64`?"
    );
    assert_eq!(
        error("linux/a b"),
        "\"a b\" in platform \"linux/a b\" is not an architecture or variant; expected letters, digits, `_`, `.` or `-`"
    );
    assert_eq!(
        error("windows(1%)/amd64"),
        "\"1%\" in platform \"windows(1%)/amd64\" is not an OS version or feature: `%` needs two hex digits"
    );
}

#[test]
fn lists_in_one_element_are_split() {
    let split = split_list("linux/amd64,linux/aarch64").expect("two platforms");
    assert_eq!(split, [platform("linux/amd64"), platform("linux/arm64")]);
    assert_eq!(split_list("linux/amd64,"), Err(PlatformError::Empty));
}

#[test]
fn slugs_fit_target_names() {
    assert_eq!(platform("linux/arm/v7").slug(), "linux-arm-v7");
    assert_eq!(platform("linux/arm64/v8.5").slug(), "linux-arm64-v8_5");
    assert_eq!(platform("windows(10.0.1)/amd64").slug(), "windows_10_0_1_-amd64");
}

#[test]
fn prefixes_match_by_segments() {
    for (written, matching, other) in [
        ("linux", "linux/arm64", "windows/amd64"),
        ("linux/arm", "linux/arm/v6", "linux/arm64"),
        ("arm", "linux/arm/v6", "linux/arm64"),
        ("linux/arm/v7", "linux/arm", "linux/arm/v6"),
        ("linux/armhf", "linux/arm", "linux/arm/v6"),
        ("linux/aarch64", "linux/arm64/v9", "linux/arm"),
        ("linux/amd64", "linux/amd64/v3", "linux/386"),
        ("linux/amd64/v1", "linux/amd64", "linux/amd64/v3"),
        ("linux/arm64/v8", "linux/arm64", "linux/arm64/v9"),
        ("windows", "windows(10.0.1)/amd64", "linux/amd64"),
        ("windows/amd64", "windows(10.0.1)/amd64", "windows/arm64"),
        ("windows(10.0.1)", "windows(10.0.1)/amd64", "windows/amd64"),
        ("macos", "darwin/arm64", "linux/arm64"),
    ] {
        assert!(platform(matching).matches_prefix(&prefix(written)), "{written} {matching}");
        assert!(!platform(other).matches_prefix(&prefix(written)), "{written} {other}");
    }
    assert!("local".parse::<PlatformPrefix>().is_err());
    assert!("lin".parse::<PlatformPrefix>().is_err());
}

#[test]
fn prefixes_print_normalised_and_know_their_specificity() {
    for (written, normal, specificity) in [
        ("linux", "linux", 1),
        ("linux/aarch64", "linux/arm64", 2),
        ("linux/arm", "linux/arm", 2),
        ("arm", "linux/arm", 2),
        ("linux/i386", "linux/386", 2),
        ("linux/armel", "linux/arm/v6", 3),
        ("linux/x86_64/v1", "linux/amd64/v1", 3),
        ("windows(10.0.1)", "windows(10.0.1)", 1),
    ] {
        assert_eq!(prefix(written).to_string(), normal, "{written}");
        assert_eq!(prefix(normal), prefix(written), "{written}");
        assert_eq!(prefix(written).specificity(), specificity, "{written}");
    }
}

#[test]
fn native_runners() {
    for (guest, runner, native) in [
        ("linux/amd64", "linux/amd64", true),
        ("linux/amd64/v3", "linux/amd64", true),
        ("linux/386", "linux/amd64", true),
        ("linux/amd64", "linux/386", false),
        ("linux/arm/v7", "linux/arm64", true),
        ("linux/arm64", "linux/arm/v7", false),
        ("linux/arm/v6", "linux/arm/v7", true),
        ("linux/arm/v7", "linux/arm/v6", false),
        ("linux/arm64/v9", "linux/arm64", true),
        ("linux/arm64", "linux/amd64", false),
        ("linux/s390x", "linux/s390x", true),
        ("linux/ppc64le/power9", "linux/ppc64le", false),
        ("windows/amd64", "linux/amd64", false),
        ("windows(10.0.20348.1)/amd64", "windows/amd64", true),
    ] {
        assert_eq!(platform(guest).runs_natively_on(&platform(runner)), native, "{guest} on {runner}");
    }
}

proptest! {
    #[test]
    fn what_parses_prints_to_the_same(text in "[a-zA-Z]{1,5}(\\([a-z0-9.]{0,3}(\\+(%2[0-9A-F]|[a-z]){1,2}){0,2}\\))?/(arm|arm64|amd64|[a-z0-9_.-]{1,5})(/v?[0-9.]{1,3})?") {
        if let Ok(parsed) = text.parse::<Platform>() {
            prop_assert_eq!(parsed.to_string().parse::<Platform>(), Ok(parsed));
        }
        if let Ok(parsed) = text.parse::<PlatformPrefix>() {
            prop_assert_eq!(parsed.to_string().parse::<PlatformPrefix>(), Ok(parsed));
        }
    }

    #[test]
    fn nothing_panics(text in any::<String>()) {
        let _ = text.parse::<Platform>();
        let _ = text.parse::<PlatformPrefix>();
        prop_assert_eq!(is_valid_for_bake(&text).is_ok() || split_list(&text).is_err(), true);
    }
}
