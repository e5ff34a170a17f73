//! What a script says to CI: outputs of its step, and variables for the steps behind it.

use super::super::text::{Piece, Template};
use super::words::is_assigned;
use super::{Ran, Script};

impl Script<'_> {
    /// `echo "NAME=VALUE" >> $GITHUB_OUTPUT`, and how that was written before.
    pub(super) fn sets(&mut self, words: &[String], ran: &mut Ran) {
        if words.first().is_none_or(|word| word != "echo" && word != "printf") {
            return;
        }
        let to = |name: &str| words.iter().any(|word| word.contains(name));
        let said = words.iter().skip(1).find(|word| !word.starts_with('-') && *word != ">>");
        let Some(said) = said else { return };
        // Without quotes, it is two words.
        let joined = words[1..].join(" ");
        if let Some(rest) = joined.strip_prefix("::set-output name=") {
            if let Some((name, value)) = rest.split_once("::") {
                let value = self.expand(value);
                ran.outputs.push((name.to_owned(), value));
            }
            return;
        }
        let said = if words[0] == "printf" { self.printed(said, words) } else { self.expand(said) };
        let Some((name, value)) = said.split_once('=') else { return };
        let Some(name) = name.constant().filter(|name| is_assigned(name)) else { return };
        if to("GITHUB_OUTPUT") {
            ran.outputs.push((name, value));
        } else if to("GITHUB_ENV") {
            self.variables.push((name.clone(), value.clone()));
            ran.environment.push((name, value));
        }
    }

    /// What `printf` prints, where its format has `%s` alone.
    fn printed(&self, format: &str, words: &[String]) -> Template {
        let format = format.strip_suffix("\\n").unwrap_or(format);
        let given =
            words.iter().skip_while(|word| *word != format && word.strip_suffix("\\n") != Some(format));
        let mut given = given.skip(1);
        let mut text = Template::default();
        for (at, part) in format.split("%s").enumerate() {
            if at > 0 {
                text.extend(given.next().map(|word| self.expand(word)).unwrap_or_default());
            }
            if part.contains(['%', '\\']) {
                text.push(Piece::Unknown(format.to_owned()));
            }
            text.extend(self.expand(part));
        }
        text
    }
}
