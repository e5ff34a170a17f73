//! The distribution API against servers of our own: what is sent, and what is made of the answers.

mod answers; // what answers mean
mod auth; // login: challenges, tokens, credentials
mod client; // a client with a clock of its own
mod copy; // from one repository to another
mod faults; // what passes and what does not
mod messages; // what sends people the right way
mod network; // TLS, proxies, redirects
mod pages;
mod parts; // large blobs, in parts // lists in pages, and where they end
