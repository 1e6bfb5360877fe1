namespace Sidestep.Agent.Running;

/// <summary>The events of a running agent: 600 to 699. The log does not show the numbers yet; they stay the same in
/// later versions.</summary>
internal enum AgentEvent
{
    // The spec and the host.
    SpecApplied = 601,
    HostChanged = 602,
    DriftRepaired = 603,
    RepairFailed = 604,
    RepairsSuspended = 605,
    SpecInvalid = 606,
    PassFailed = 607,
    ReportFailed = 608,
    PersistenceFailed = 609,

    // The stored spec, the spec file.
    LastSpecUsed = 620,
    LastSpecDamaged = 621,
    SpecFileInvalid = 622,

    // The directors.
    DirectorResponds = 640,
    DirectorLost = 641,
    ReportRejected = 642,
    AdminStateNotSent = 643,

    // The process.
    Stopping = 660,
    OperatorConnectionFailed = 661,
}
