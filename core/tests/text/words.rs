//! A line of a table, word by word. A word that nobody takes makes the line malformed.

use std::str::FromStr;

use chrono::NaiveDate;

/// What is wrong with a line.
pub type Bad = String;

pub struct Words<'a> {
    all: Vec<&'a str>,
    at: usize,
}

impl<'a> Words<'a> {
    pub fn of(text: &'a str) -> Self {
        Words { all: text.split_whitespace().collect(), at: 0 }
    }

    pub fn peek(&self) -> Option<&'a str> {
        self.all.get(self.at).copied()
    }

    pub fn next(&mut self, what: &str) -> Result<&'a str, Bad> {
        let word = self.peek().ok_or_else(|| format!("{what} mangler på slutten av linjen"))?;
        self.at += 1;
        Ok(word)
    }

    /// Takes the word if it stands here.
    pub fn take(&mut self, word: &str) -> bool {
        let here = self.peek() == Some(word);
        self.at += usize::from(here);
        here
    }

    /// Takes the word and the one after it.
    pub fn value(&mut self, word: &str) -> Result<Option<&'a str>, Bad> {
        if self.take(word) { self.next(word).map(Some) } else { Ok(None) }
    }

    pub fn parse<T: FromStr>(&mut self, what: &str) -> Result<T, Bad> {
        let word = self.next(what)?;
        word.parse().map_err(|_| format!("«{word}» er ikke {what}"))
    }

    pub fn value_of<T: FromStr>(&mut self, word: &str) -> Result<Option<T>, Bad> {
        if self.take(word) { self.parse(word).map(Some) } else { Ok(None) }
    }

    /// The rest of the line as text.
    pub fn rest(&mut self) -> String {
        let rest = self.all.get(self.at..).unwrap_or_default().join(" ");
        self.at = self.all.len();
        rest
    }

    pub fn end(&self) -> Result<(), Bad> {
        self.peek().map_or(Ok(()), |word| Err(format!("forstår ikke «{word}»")))
    }
}

/// `2021-04-02..2021-04-30`, `2021-04-02..`, `..2021-04-30`.
pub fn period(text: &str) -> Option<(Option<NaiveDate>, Option<NaiveDate>)> {
    let (from, to) = text.split_once("..")?;
    let day = |text: &str| if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) };
    Some((day(from)?, day(to)?))
}
