//! The rows of the decision tables (domain.md 5.3, 5.4) by their ids.

macro_rules! rader {
    ($($(#[$doc:meta])* $name:ident: $code:literal,)*) => {
        /// A row that opens a category, or keeps everything closed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(super) enum Rad { $($(#[$doc])* $name,)* }

        impl Rad {
            /// Every row.
            pub const ALLE: &'static [Rad] = &[$(Rad::$name),*];

            /// Its id.
            pub const fn id(self) -> &'static str {
                match self { $(Rad::$name => $code,)* }
            }
        }
    };
}

rader! {
    Il1: "IL-1",
    Il2: "IL-2",
    /// Collective protection; INTRO_R under IL-3a, INTRO_RP under IL-3b.
    Il3a: "IL-3a",
    Il3b: "IL-3b",
    Il4: "IL-4",
    Il4b: "IL-4b",
    Il4c: "IL-4c",
    Il4d: "IL-4d",
    Il5: "IL-5",
    Il6: "IL-6",
    Il7: "IL-7",
    Il8: "IL-8",
    Il9: "IL-9",
    Il10: "IL-10",
    Il10a: "IL-10a",
    Il11: "IL-11",
    Il12: "IL-12",
    Il12a: "IL-12a",
    Il13: "IL-13",
    Il13a: "IL-13a",
    Il14: "IL-14",
    Il15: "IL-15",
    Il16: "IL-16",
    Il17: "IL-17",
    Il18: "IL-18",
    Il25: "IL-25",
    InA: "IN-a",
    InB: "IN-b",
    InC: "IN-c",
    InD: "IN-d",
    InE: "IN-e",
    InF: "IN-f",
    InG: "IN-g",
    InH: "IN-h",
    InI: "IN-i",
    /// No row of introduksjonsloven has the permit.
    InIngen: "IN-INGEN",
}

impl Rad {
    /// A permit of IL §9: residence with it counts on the clock of INTRO_RP and INTRO_R (IL-23).
    pub fn paragraf_9(self) -> bool {
        matches!(
            self,
            Rad::Il1 | Rad::Il2 | Rad::Il3a | Rad::Il3b | Rad::Il4 | Rad::Il4b | Rad::Il4c | Rad::Il5 | Rad::Il6
        )
    }

    /// Duty without right: IL §28, INTL §17(3).
    pub fn bare_plikt(self) -> bool {
        matches!(self, Rad::Il10 | Rad::Il10a | Rad::InF)
    }

    /// Whether the permit brings the person into a target group, whatever the age (domain.md 5.1).
    pub fn maalgruppe(self) -> bool {
        !matches!(self, Rad::Il12 | Rad::Il13 | Rad::Il13a | Rad::Il14 | Rad::InG | Rad::InIngen)
    }
}
