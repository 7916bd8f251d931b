/// A fault that is put into the store on purpose. The simulation must find each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Planted {
    /// An append is acknowledged and shown before it is on the disk.
    AcknowledgesBeforeDurable,
    /// A power cut takes the last write that was on the disk.
    LosesADurableWrite,
    /// An append is written without one of its timers.
    LosesATimer,
    /// A timer that is gone stays in the list of those that are due.
    KeepsATimer,
    /// A command that was applied before is applied again.
    AppliesACommandTwice,
    /// An append is written whatever revision it expects.
    IgnoresTheRevision,
    /// A case is read as it was one revision before.
    ReadsAStaleState,
    /// A state is written without its record.
    WritesAStateWithoutARecord,
    /// A record in the middle of a journal is not there any more.
    DropsAMiddleRecord,
    /// An append is written without one of its index terms.
    ForgetsATerm,
    /// The earliest timer is not listed.
    HidesADueTimer,
    /// What was done is answered as not done.
    DeniesWhatWasDone,
    /// The order of all commits is not the order they were made in.
    ReordersCommits,
    /// Reading all commits leaves one out.
    SkipsACommit,
    /// One byte of a record is another.
    ChangesAByte,
    /// After a power cut, the last state is there and its record is not.
    RecoversAStateWithoutItsRecord,
    /// After a power cut, a torn write counts as a whole one, without its timers and terms.
    TakesATornWriteForWhole,
    /// A commit is recorded an hour before the one it follows.
    TurnsTimeBack,
    /// It is not known that a command was applied.
    ForgetsACommand,
    /// What a person records late is filed as if it had happened when it was recorded.
    FilesALateFactAsOfNow,
    /// An append is written without a term that nothing but a list of the desk asks for.
    ForgetsATermOfTheDesk,
}

impl Planted {
    pub(crate) const ALL: [Self; 21] = [
        Self::AcknowledgesBeforeDurable,
        Self::LosesADurableWrite,
        Self::LosesATimer,
        Self::KeepsATimer,
        Self::AppliesACommandTwice,
        Self::IgnoresTheRevision,
        Self::ReadsAStaleState,
        Self::WritesAStateWithoutARecord,
        Self::DropsAMiddleRecord,
        Self::ForgetsATerm,
        Self::HidesADueTimer,
        Self::DeniesWhatWasDone,
        Self::ReordersCommits,
        Self::SkipsACommit,
        Self::ChangesAByte,
        Self::RecoversAStateWithoutItsRecord,
        Self::TakesATornWriteForWhole,
        Self::TurnsTimeBack,
        Self::ForgetsACommand,
        Self::FilesALateFactAsOfNow,
        Self::ForgetsATermOfTheDesk,
    ];
}
