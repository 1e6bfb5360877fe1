using Sidestep.Lab.Processes;

namespace Sidestep.Lab.Runs;

/// <summary>
/// What a run has made, on disk, so that a later start can remove it when this one could not. Names of namespaces and
/// the pin folder follow from the id and are thereby recorded before anything exists.
/// </summary>
internal sealed record RunRecord
{
    public required string Id { get; init; }

    public required string Topology { get; init; }

    /// <summary>The lab process that looks after the run.</summary>
    public required ProcessIdentity Owner { get; init; }

    /// <summary>The run stays when its owner has ended (`lab up`), until `lab down`.</summary>
    public bool IsDetached { get; init; }

    public IReadOnlyList<RecordedProcess> Processes { get; init; } = [];
}

internal sealed record RecordedProcess(string Node, string Service, ProcessIdentity Identity, string Log);
