//! Codes of `init`: what it cannot read, and what is left to decide.

use super::example::when;
use super::row::codes;

codes! {
    guide: "docs/how-to/init.md";

    INIT_UNREAD "init-unread" [Warning Note] {
        cause: "A workflow or script publishes an image in a way that `init` does not read, or that has no place in the proposal; the message says why. The image is left out. As a note: Dockerfiles of tests, examples and the like are left out.",
        example: when("A workflow that publishes with an action whose inputs are not known."),
        cure: "Write an `image` block for what it publishes.",
    }
    INIT_OPEN "init-open" [Warning] {
        cause: "Today's workflows and files leave something open, so the proposal had to choose; the message says what.",
        example: when("A tag of the old workflow that has no counterpart in the proposal."),
        cure: "Look at the place that the message names, and change the proposed block where it is not what you want.",
    }
    INIT_FOLDER "init-folder" [Note] {
        cause: "`init` was started in a folder of a checkout. Workflows are at its top, so they are not read.",
        example: when("`bakeplan init` in `services/api` of a repository."),
        cure: "Run it at the top of the repository.",
    }
    INIT_LIMIT "init-limit" [Warning Note] {
        cause: "There are more files of a kind than `init` reads, or workflows and scripts ask for more work than any real ones: steps, rows of matrices, calls, values that refer to others. The rest is not looked at. As a note: pushes to more branches start workflows than the table has rows for, or people start one by hand.",
        example: when("A checkout with thousands of Dockerfiles."),
        cure: "Write `image` blocks for what is missing from the proposal.",
    }
    UNREADABLE "unreadable" [Warning] {
        cause: "`init` cannot read a file that it would look at. It goes on without it.",
        example: when("A workflow that this user may not read, or that is not UTF-8."),
        cure: "Correct its permissions or its encoding, and run `bakeplan init` again.",
    }
}
