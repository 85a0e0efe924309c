//! What the register refuses or warns of: one row per code that `decide` can give, with its retry column
//! (domain.md 15). Texts stand in `codes/feilkoder.toml`.

macro_rules! rejections {
    ($($(#[$doc:meta])* $name:ident: $code:literal $retry:ident,)*) => {
        /// A code of the register.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rejection { $($(#[$doc])* $name,)* }

        impl Rejection {
            /// Every code of the register.
            pub const ALL: &'static [Rejection] = &[$(Rejection::$name),*];

            /// As on the wire.
            pub fn code(self) -> &'static str {
                match self { $(Rejection::$name => $code,)* }
            }

            /// By its wire code. Two rows with one code do not compile.
            #[deny(unreachable_patterns)]
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some(Rejection::$name),)* _ => None }
            }

            /// Whether the same message may succeed later.
            pub fn may_succeed_later(self) -> bool {
                match self { $(Rejection::$name => rejections!(@ $retry),)* }
            }
        }
    };
    (@ later) => { true };
    (@ never) => { false };
}

rejections! {
    /// Unknown code value.
    UnknownCode: "NIR-X307" never,
    /// Code not valid on the date.
    CodeNotValid: "NIR-X308" never,
    /// Invalid DUF number.
    InvalidDuf: "NIR-X309" never,
    /// Invalid national id.
    InvalidFnr: "NIR-X310" never,
    /// Unknown kommune or bydel.
    UnknownKommune: "NIR-X312" never,
    /// Synthetic person in production, or the reverse.
    SyntheticPerson: "NIR-X313" never,
    /// No valid agreement.
    NoAgreement: "NIR-A402" later,
    /// No delegation for the vendor.
    NoDelegation: "NIR-A403" later,
    /// Unknown transfer user.
    UnknownUser: "NIR-A404" later,
    /// Transfer user inactive.
    InactiveUser: "NIR-A405" later,
    /// The role lacks the scheme.
    RoleLacksOrdning: "NIR-A406" never,
    /// Read-only role.
    ReadOnlyRole: "NIR-A407" never,
    /// Not follow-up kommune on the date.
    NotOppfoelgingskommune: "NIR-A408" never,
    /// Not follow-up bydel on the date.
    NotOppfoelgingsbydel: "NIR-A409" never,
    /// The kommune's number was replaced.
    KommuneSuperseded: "NIR-A410" never,
    /// Product version not approved.
    ProductNotApproved: "NIR-A411" later,
    /// Closed data of a person that others follow up.
    ClosedData: "NIR-A412" never,
    /// The county is not responsible for the person.
    NotResponsibleCounty: "NIR-A413" never,
    /// Sender system unknown or not the signer's.
    UnknownAvsendersystem: "NIR-A414" later,
    /// Sender blocked.
    Blocked: "NIR-A415" later,
    /// Person unknown, or hidden from this caller.
    UnknownPerson: "NIR-B501" never,
    /// DUF and national id do not belong together.
    IdentMismatch: "NIR-B502" never,
    /// No open category for the scheme.
    NoCategory: "NIR-B503" never,
    /// The person is under the other act.
    OtherAct: "NIR-B504" never,
    /// Outside the ages of the scheme.
    OutsideAge: "NIR-B505" never,
    /// Settled for more than two years.
    SettledTooLong: "NIR-B506" never,
    /// The right has not entered yet.
    RightNotEntered: "NIR-B507" never,
    /// In or offered work of 30 hours a week.
    InWork: "NIR-B508" never,
    /// Decided before the permit.
    BeforePermit: "NIR-B509" never,
    /// No granting decision.
    NoInnvilgelse: "NIR-B510" never,
    /// Starts before it can.
    StartTooEarly: "NIR-B511" never,
    /// Ends after the longest duration.
    BeyondDuration: "NIR-B512" never,
    /// The programme cannot be lengthened.
    NoExtension: "NIR-B513" never,
    /// Lengthened by more than is allowed.
    ExtensionTooLong: "NIR-B514" never,
    /// Decision type not for the scheme.
    WrongVedtakstype: "NIR-B515" never,
    /// Something that the handling or the kind of decision requires is missing: a reason, a date, a reference.
    Missing: "NIR-B516" never,
    /// The ground of exemption does not fit.
    WrongExemption: "NIR-B517" never,
    /// Extended training too far from the deadline.
    ExtensionOutOfReach: "NIR-B518" never,
    /// Prior education has to be registered first.
    EducationFirst: "NIR-B519" never,
    /// One absence or leave is longer than allowed.
    LeaveTooLong: "NIR-B520" never,
    /// The type of absence or leave is not for the scheme.
    WrongLeaveType: "NIR-B521" never,
    /// More hours or days than the period can hold.
    TooManyHours: "NIR-B522" never,
    /// The hours by module do not hold together.
    ModulesMismatch: "NIR-B523" never,
    /// The goal is lower than advised.
    GoalTooLow: "NIR-B524" never,
    /// The quota of absence or leave is used up.
    QuotaUsed: "NIR-B525" never,
    /// The right cannot lapse on this ground.
    RightCannotLapse: "NIR-B526" never,
    /// The rule was not in force on the date.
    RuleNotInForce: "NIR-B527" never,
    /// No exam duty to be exempt from.
    NoExamDuty: "NIR-B528" never,
    /// Not to be registered under the act of the person.
    NotUnderThisAct: "NIR-B541" never,
    /// Type not in group.
    TypeNotInGroup: "NIR-B551" never,
    /// End before start.
    EndBeforeStart: "NIR-B552" never,
    /// Completion only for LF01 and LF02.
    NoGjennomfoering: "NIR-B553" never,
    /// Hours per week out of range.
    HoursOutOfRange: "NIR-B554" never,
    /// The measure lies in a leave.
    InLeave: "NIR-B555" never,
    /// Measure outside the scheme's period.
    OutsideOrdning: "NIR-B556" never,
    /// Nothing to replace.
    NothingToReplace: "NIR-B557" never,
    /// No working day in the period.
    NoVirkedag: "NIR-B558" never,
    /// Assessed before the end.
    AssessedBeforeEnd: "NIR-B559" never,
    /// What the person does now is missing.
    NoReason: "NIR-B561" never,
    /// A reason that only the register sets.
    SystemReason: "NIR-B562" never,
    /// Date too far back.
    TooFarBack: "NIR-V601" never,
    /// Change touches a closed period.
    ClosedPeriodTouched: "NIR-V602" never,
    /// Date in the future.
    InTheFuture: "NIR-V603" never,
    /// Campaign closed.
    CampaignClosed: "NIR-V604" never,
    /// A campaign that runs is for other records.
    CampaignNotForThis: "NIR-V605" never,
    /// Reporting year locked.
    YearLocked: "NIR-V606" never,
    /// Transfer closed for the kommune.
    TransferClosed: "NIR-V607" later,
    /// Message older than ids are kept.
    MessageTooOld: "NIR-V608" never,
    /// The same registration exists.
    Duplicate: "NIR-K701" never,
    /// Changed by others.
    VersionConflict: "NIR-K702" never,
    /// Same meldingsId, different content.
    IdReused: "NIR-K703" never,
    /// Overlapping period.
    Overlap: "NIR-K704" never,
    /// Person locked.
    PersonLocked: "NIR-K705" later,
    /// Owned by another kommune.
    OwnedByOther: "NIR-K706" never,
    /// Programme ended.
    ProgrammeEnded: "NIR-L801" never,
    /// Programme stopped.
    ProgrammeStopped: "NIR-L802" never,
    /// Record deleted.
    Deleted: "NIR-L803" never,
    /// An active decision exists.
    ActiveVedtak: "NIR-L804" never,
    /// Invalid order of states.
    WrongOrder: "NIR-L805" never,
    /// DUF superseded.
    DufSuperseded: "NIR-L806" never,
    /// Person dead or emigrated.
    DeadOrEmigrated: "NIR-L807" never,
    /// An appeal without a decision.
    NoVedtak: "NIR-L808" never,
    /// Record referred to not found.
    NotFound: "NIR-L810" never,
    /// Record struck as wrong.
    StruckAsWrong: "NIR-L811" never,
    /// Page or export too large.
    PageTooLarge: "NIR-X314" never,
    /// Feed position expired, or none of this stream.
    PositionExpired: "NIR-I905" never,
    /// Acknowledged beyond what was handed out.
    BeyondHandedOut: "NIR-I906" never,
    /// Internal error.
    Internal: "NIR-I901" later,
}

impl Rejection {
    /// Causes outside the message (contract.md 0.10): they never spend a meldingsId.
    pub fn outside_message(self) -> bool {
        use Rejection::{
            Blocked, InactiveUser, Internal, NoAgreement, NoDelegation, ProductNotApproved, TransferClosed,
            UnknownAvsendersystem, UnknownUser,
        };
        matches!(
            self,
            NoAgreement
                | NoDelegation
                | UnknownUser
                | InactiveUser
                | ProductNotApproved
                | UnknownAvsendersystem
                | Blocked
                | TransferClosed
                | Internal
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::Catalogue;

    #[test]
    fn every_row_has_its_texts_and_the_same_retry_column() {
        for rejection in Rejection::ALL {
            let row = Catalogue::embedded().error(rejection.code());
            assert_eq!(row.kode, rejection.code());
            assert_eq!(row.retry, rejection.may_succeed_later(), "{}", rejection.code());
            assert_eq!(Rejection::from_code(rejection.code()), Some(*rejection));
        }
    }
}
