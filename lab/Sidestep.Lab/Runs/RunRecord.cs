using Sidestep.Lab.Processes;

namespace Sidestep.Lab.Runs;

/// <summary>
/// What a run has created, on disk, so that a later run can remove it if this one was killed. The id determines the
/// names of namespaces and of the pin folder, so they are recorded before they exist.
/// </summary>
internal sealed record RunRecord
{
    public required string Id { get; init; }

    public required string Topology { get; init; }

    /// <summary>The lab process that owns the run and removes it.</summary>
    public required ProcessIdentity Owner { get; init; }

    /// <summary>The run remains after its owner has ended (`lab up`), until `lab down`.</summary>
    public bool IsDetached { get; init; }

    public IReadOnlyList<RecordedProcess> Processes { get; init; } = [];
}

internal sealed record RecordedProcess(string Node, string Service, ProcessIdentity Identity, string Log);
