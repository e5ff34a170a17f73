//! What the standard functions take, a letter for each argument: those of `values.txt`, and A for any value, L for a
//! list, M for a map.

use super::expression::Kind;
use super::versions::Version;

/// Name, kinds of the arguments, and whether any number of the last one may follow.
pub(super) struct Signature {
    pub(super) result: Kind,
    pub(super) name: &'static str,
    pub(super) arguments: Vec<Kind>,
    pub(super) is_variadic: bool,
}

/// Result, name and arguments. Missing are the special forms (`can`, `convert`, `try`), what is different in every run
/// (`bcrypt`, `timestamp`, `uuidv4`), what depends on the user (`homedir`), what no value of Bake fits (`byteslen`,
/// `bytesslice`), and `rsadecrypt`, which needs a key.
const SIGNATURES: &str = "
N absolute N
N add NN
B and BB
T base64decode 6
T base64encode T
T basename p
N ceil N
T chomp T
L chunklist LS
T cidrhost CS
T cidrnetmask C
T cidrsubnet CSS
L cidrsubnets CSS*
A coalesce AA*
L coalescelist LL*
L compact l
L concat LL*
B contains LA
L csvdecode c
T dirname p
L distinct L
N divide NN
A element LS
B equal AA
L flatten L
N floor N
T format FA*
T format FAA
L formatlist FLA*
T formatdate fD
B greaterthan NN
B greaterthanorequalto NN
B hasindex LS
T indent ST
N indexof LA
A index LS
N int N
T join TL*
A jsondecode J
T jsonencode A
L keys M
N length L
B lessthan NN
B lessthanorequalto NN
N log NN
A lookup MTA
T lower T
N max NN*
T md5 T
M merge MM*
N min NN*
N modulo NN
N multiply NN
N negate N
B not B
B notequal AA
B or BB
N parseint ib
N pow NS
L range S
L range SS
L range SSN
A regex PT
L regexall PT
T regex_replace TPr
T replace TTT
T reverse T
L reverselist L
T sanitize T
B sethaselement sA
L setintersection ss*
L setproduct LL*
L setsubtract ss
L setsymmetricdifference ss*
L setunion ss*
T sha1 T
T sha256 T
T sha512 T
N signum N
L slice LSS
L sort l
L split TT
N strlen T
T substr TSS
N subtract NN
T timeadd Du
T title T
T trim TT
T trimprefix TT
T trimspace T
T trimsuffix TT
T upper T
T urlencode T
T uuidv5 dT
L values M
M zipmap lL
B semvercmp Vv
T formattimestamp fD
M unixtimestampparse S
";

/// Those that older versions do not know or understand otherwise, and what that is called.
const LATER: [(&str, &str); 8] = [
    ("cidrsubnet", "negative subnet"),
    ("csvdecode", "fields of nothing"),
    ("element", "negative index"),
    ("formatdate", "strict times"),
    ("formattimestamp", "timestamps"),
    ("semvercmp", "semvercmp"),
    ("timeadd", "strict times"),
    ("unixtimestampparse", "timestamps"),
];

/// All that this version of buildx knows.
pub(super) fn signatures(version: Version) -> Vec<Signature> {
    let signatures = SIGNATURES.lines().filter(|line| !line.is_empty()).map(signature);
    let is_alike = |signature: &Signature| {
        LATER.iter().filter(|(name, _)| *name == signature.name).all(|(_, what)| version.knows(what))
    };
    signatures.filter(is_alike).collect()
}

fn signature(line: &'static str) -> Signature {
    let words: Vec<&str> = line.split(' ').collect();
    let [result, name, arguments] = words[..] else { panic!("not a signature: {line}") };
    let letters = arguments.trim_end_matches('*');
    Signature {
        result: kind(result.as_bytes()[0]),
        name,
        arguments: letters.bytes().map(kind).collect(),
        is_variadic: letters.len() < arguments.len(),
    }
}

fn kind(letter: u8) -> Kind {
    match letter {
        b'A' => Kind::Any,
        b'B' => Kind::Bool,
        b'N' => Kind::Number,
        b'S' => Kind::Small,
        b'T' => Kind::Text,
        b'L' => Kind::List,
        b'M' => Kind::Map,
        letter => Kind::Special(letter),
    }
}
