//! Tests of `rules`: what is refused.

use snapbox::{IntoData, assert_data_eq, str};

use super::*;

#[test]
fn lines_that_say_something_else_than_they_do_are_refused() {
    let lines = [
        "type=semvar,pattern={{version}}",
        "type=semver",
        "type=semver,pattern=",
        "type=match",
        "type=ref",
        "type=ref,event=push",
        "type=raw",
        "type=raw,value=",
        "type=sha,format=12",
        "type=sha,enabled=true",
        "type=edge,group=1",
        "type=raw,value=a,value=b",
        "type=raw,a,b",
        r"type=match,pattern=\d{1,3}.\d",
        "type=sha,priority=high",
        "type=sha,enable=yes",
        "type=raw,value=a/b",
        "type=sha,suffix=-{{branch}}+x",
        "latest=auto",
        "suffix=-alpine,onlatest=true",
        "type=semver,pattern={{version}}-{{sha}}",
        "type=raw,value=v{{version}}",
        "type=raw,value={{brnach}}",
        "type=raw,value={{ branch | slug }}",
        "type=raw,value={{#if branch}}x{{/if}}",
        "type=schedule,pattern={{date}}",
        "type=schedule,pattern={{date 'LL'}}",
        "type=schedule,pattern={{date 'YYYY' tz='Tokyo'}}",
        "type=schedule,pattern={{date 'YYYY' zone='Tokyo'}}",
        r"type=semver,pattern={{version}},match=v\d",
        "type=match,pattern=v(.*),group=2",
        "type=match,pattern=v(.*),group=a",
        "type=match,pattern=/v(.*)/g,group=1",
        "type=match,pattern=v(?=1)",
        "type=match,pattern=v(",
        "type=match,\"pattern=v",
    ];
    let complaints = lines.map(|line| {
        let error = Rule::parse(line).err().unwrap_or_else(|| panic!("{line} is read"));
        format!("{line}\n  {}", complaint(&error))
    });
    assert_data_eq!(complaints.concat(), str![[r#"
type=semvar,pattern={{version}}
  there is no rule of the type `semvar`
  did you mean `semver`?
type=semver
  `type=semver` needs `pattern`
  specify it, such as `type=semver,pattern={{version}}`
type=semver,pattern=
  `type=semver` needs `pattern`
  specify it, such as `type=semver,pattern={{version}}`
type=match
  `type=match` needs `pattern`
  specify what to match, such as `type=match,pattern=v(.*),group=1`
type=ref
  `type=ref` needs `event`
  one of `branch`, `tag`, `pr`
type=ref,event=push
  `event` is `push`
  expected `branch`, `tag` or `pr`
type=raw
  `type=raw` needs `value`
  specify it, such as `type=raw,value=edge`; a tag cannot be empty
type=raw,value=
  `type=raw` needs `value`
  specify it, such as `type=raw,value=edge`; a tag cannot be empty
type=sha,format=12
  `format` is `12`
  expected `short` or `long`; a pattern takes any length: `{{ commit[:12] }}`
type=sha,enabled=true
  `type=sha` has no attribute `enabled`
  did you mean `enable`?
type=edge,group=1
  `type=edge` has no attribute `group`
  the attributes are `branch`, `enable`, `priority`, `prefix`, `suffix`
type=raw,value=a,value=b
  `value` is given twice
  leave one of them out; metadata-action would take the last
type=raw,a,b
  `b` has no `=`
  put an attribute that contains a comma in quotes: `type=match,"pattern=\d{1,3}"`
type=match,pattern=\d{1,3}.\d
  `3}.\d` has no `=`
  put an attribute that contains a comma in quotes: `type=match,"pattern=\d{1,3}"`
type=sha,priority=high
  `priority` is `high`
  expected a whole number
type=sha,enable=yes
  `enable` is `yes`
  expected `true`, `false` or a word such as `{{is_default_branch}}`; for more, write a pattern with a condition: `{ pattern = "…", when = "event == \"push\"" }`
type=raw,value=a/b
  `value` has '/' in it, which a tag cannot hold
  write what metadata-action makes of it: `value=a-b`
type=sha,suffix=-{{branch}}+x
  `suffix` has '+' in it, which a tag cannot hold
  tags have letters, digits, `.`, `-` and `_`
latest=auto
  `latest=auto` is not a rule but a line of the flavor
  move it to `flavor = ["latest=auto"]`
suffix=-alpine,onlatest=true
  `suffix=-alpine,onlatest=true` is not a rule but a line of the flavor
  move it to `flavor = ["suffix=-alpine,onlatest=true"]`
type=semver,pattern={{version}}-{{sha}}
  in `{{version}}-{{sha}}`, `{{sha}}` has no meaning in the `pattern` of a version
  it is a word of `prefix` and `suffix`: `suffix=-{{sha}}`; here metadata-action leaves it empty
type=raw,value=v{{version}}
  in `v{{version}}`, `{{version}}` has no meaning in this attribute
  it is a word of versions: `type=semver,pattern={{version}}`
type=raw,value={{brnach}}
  in `{{brnach}}`, `{{brnach}}` has no meaning in this attribute
  did you mean `branch`?
type=raw,value={{ branch | slug }}
  in `{{ branch | slug }}`, `{{branch}}` does not take `| slug`
  a rule's words take no filters: write `{{branch}}`, which is made to fit a tag
type=raw,value={{#if branch}}x{{/if}}
  in `{{#if branch}}x{{/if}}`, `{{#if}}` is Handlebars that a rule does not support
  write a pattern with a condition instead: `{ pattern = "…", when = "branch" }`
type=schedule,pattern={{date}}
  in `{{date}}`, `{{date}}` has no format in quotes
  write `{{date 'YYYYMMDD'}}`
type=schedule,pattern={{date 'LL'}}
  in `{{date 'LL'}}`, the letters `LL` of the date have no meaning here
  write the date out, such as `YYYY-MM-DD`; put literal text in brackets: `[text]`
type=schedule,pattern={{date 'YYYY' tz='Tokyo'}}
  in `{{date 'YYYY' tz='Tokyo'}}`, there is no time zone `Tokyo`
  use one from the tz database, such as `Asia/Tokyo`; metadata-action would take UTC
type=schedule,pattern={{date 'YYYY' zone='Tokyo'}}
  in `{{date 'YYYY' zone='Tokyo'}}`, `{{date}}` does not take `zone='Tokyo'`
  write `{{date 'YYYYMMDD' tz='Asia/Tokyo'}}`
type=semver,pattern={{version}},match=v\d
  the expression `v\d` has no group, and `match` takes its first one
  put the version into parentheses: `match=(v\d)`
type=match,pattern=v(.*),group=2
  the expression `v(.*)` has no group 2
  the only group is 1, and 0 is the whole match
type=match,pattern=v(.*),group=a
  `group` is `a`
  expected the number of a group; 0 is the whole match
type=match,pattern=/v(.*)/g,group=1
  the expression `/v(.*)/g` cannot be used: with the flag `g`, `group` would count matches instead of groups
  leave out the `g`
type=match,pattern=v(?=1)
  the expression `v(?=1)` cannot be used: look-around is not supported
  match more, and select the part with a group: `v(\d+)-` and `group=1`
type=match,pattern=v(
  the expression `v(` cannot be used: unclosed group
  in a Bake file, a backslash is written twice: `v(\\d+)`
type=match,"pattern=v
  the rule is not a list of attributes with commas between them: a quoted field is not closed properly
  put an attribute that contains a comma in quotes: `type=match,"pattern=\d{1,3}"`

"#]].raw());
}

#[test]
fn flavors_that_say_nothing_are_refused() {
    let lines = [
        "latest=yes",
        "suffix=-arm64;latest=false",
        "onlatest=true",
        "onlatest=true,suffix=-x",
        "suffix=-x,onlatest=1",
        "sufix=-x",
        "-x",
        "prefix=a,prefix=b",
        "prefix=\"",
    ];
    let complaints = lines.map(|line| {
        let (at, error) = Flavor::parse(["latest=auto", line]).unwrap_err();
        assert_eq!(at, 1);
        format!("{line}\n  {}", complaint(&error))
    });
    assert_data_eq!(
        complaints.concat(),
        str![[r#"
latest=yes
  `latest` is `yes`
  expected `auto`, `true` or `false`
suffix=-arm64;latest=false
  `suffix` has ';' in it, which a tag cannot hold
  separate attributes with commas, and make each line an entry of the list
onlatest=true
  `onlatest` has no effect without a `prefix` or `suffix` before it on the same line
  write it after one, such as `suffix=-alpine,onlatest=true`
onlatest=true,suffix=-x
  `onlatest` has no effect without a `prefix` or `suffix` before it on the same line
  write it after one, such as `suffix=-alpine,onlatest=true`
suffix=-x,onlatest=1
  `onlatest` is `1`
  expected `true` or `false`
sufix=-x
  a flavor has no attribute `sufix`
  did you mean `suffix`?
-x
  a flavor has no attribute `-x`
  the attributes are `latest`, `prefix`, `suffix`, `onlatest`
prefix=a,prefix=b
  `prefix` is given twice
  leave one of them out; metadata-action would take the last
prefix="
  the rule is not a list of attributes with commas between them: a quote stands inside an unquoted field
  leave the quote out, or put the whole attribute in quotes and write each quote inside twice; dates take single ones: `{{date 'YYYYMMDD'}}`

"#]]
        .raw()
    );
}

#[test]
fn rules_that_cannot_be_applied_are_errors() {
    let tag = tagged("v1.2.3");
    let pull_request = run("pull_request", "refs/pull/2/merge");
    let unknown = Facts::default();
    let cases: [(&[&str], &[&str], &Facts); 14] = [
        (&["type=sha,prefix={{branch}}-"], &[], &pull_request),
        (&["type=raw,value=x-{{tag}}"], &[], &pull_request),
        (&["type=raw,value=x-{{base_ref}}"], &[], &tag),
        (&["type=ref,event=branch"], &[], &unknown),
        (&["type=sha"], &[], &unknown),
        (&["type=raw,value=x,enable={{is_default_branch}}"], &[], &unknown),
        (&["type=edge"], &[], &Facts { default_branch: None, ..push("refs/heads/x") }),
        (&["type=raw,{{date 'YYYY'}}"], &[], &unknown),
        (&["type=raw,value=x,enable={{branch}}"], &[], &push("refs/heads/main")),
        (&["type=ref,event=branch,prefix=-"], &[], &push("refs/heads/main")),
        (&["type=ref,event=branch"], &[], &push(&format!("refs/heads/{}", "x".repeat(129)))),
        (&["type=ref,event=branch"], &[], &push("refs/heads/日本")),
        (&["type=semver,pattern={{version}}", "type=pep440,pattern={{version}},value=2.0"], &[], &tag),
        (&["type=ref,event=tag"], &["prefix=-,onlatest=true"], &tag),
    ];
    let complaints = cases.map(|(rules, flavor, facts)| {
        let errors = outcome(rules, flavor, facts).expect_err(rules[0]);
        let errors = errors
            .iter()
            .map(|(at, error)| format!("{at}: {}", complaint(error).replace(&"x".repeat(129), "x…")));
        errors.collect::<String>()
    });
    assert_data_eq!(complaints.concat(), str![[r#"
0: the rule uses `{{branch}}`, which is not known: this is a run of `refs/pull/2/merge`
  metadata-action would leave it empty; say when it applies: `{ pattern = "{{ branch | slug }}-{{ sha }}", when = "branch" }`
0: the rule uses `{{tag}}`, which is not known: this is a run of `refs/pull/2/merge`
  metadata-action would leave it empty; say when it applies: `{ pattern = "{{ tag | slug }}-{{ sha }}", when = "tag" }`
0: the rule uses `{{base_ref}}`, which is not known: this is a run of `refs/tags/v1.2.3`
  metadata-action would leave it empty; say when it applies: `{ pattern = "{{ base_branch | slug }}-{{ sha }}", when = "base_branch" }`
0: the rule uses the fact `ref`, which is not known
  give it with `--fact ref=…`; `bakeplan plan --facts` shows what is known
0: the rule uses the fact `commit`, which is not known
  give it with `--fact commit=…`; `bakeplan plan --facts` shows what is known
0: the rule uses the fact `ref`, which is not known
  give it with `--fact ref=…`; `bakeplan plan --facts` shows what is known
0: the rule uses the fact `default_branch`, which is not known
  name it in the rule, `branch=main`, or give it with `--fact default_branch=main`
0: the rule uses `{{date}}`, which is not known
  give it with `--fact commit_time=…`; `bakeplan plan --facts` shows what is known
0: `enable` evaluates to `main`, not to true or false
  write `enable={{is_default_branch}}`, or a pattern with a condition: `{ pattern = "…", when = "event == \"push\"" }`
0: the rule makes `-main`, which is not a valid tag: tag must not begin with '-'
  tags begin with a letter, a digit or `_`
0: the rule makes `x…`, which is not a valid tag: tag is 129 characters long; at most 128 are allowed
  write a shorter one; a truncated name may be that of another branch
0: the rule makes ``, which is not a valid tag: tag is empty
  a tag cannot hold any of its characters; write a rule `type=raw` with your own name
1: this rule is about version `2.0`, but another one is about `v1.2.3`
  an image has one version: write an `image` block for each
0: the rule makes `-v1.2.3`, which is not a valid tag: tag must not begin with '-'
  tags begin with a letter, a digit or `_`

"#]].raw());
}
