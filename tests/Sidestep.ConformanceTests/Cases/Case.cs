using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.ConformanceTests.Cases;

/// <summary>A row of the case table; tests/cases/README.md describes its parts.</summary>
internal sealed record Case
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public required string File { get; init; }

    public required string Sentence { get; init; }

    /// <summary>The frames in sequence; most rows have one.</summary>
    public required IReadOnlyList<Step> Steps { get; init; }

    /// <summary>The situation at the first frame.</summary>
    public Given Given => Steps[0].Given;

    /// <summary>The first frame.</summary>
    public byte[] In => Steps[0].In;

    public bool StaysOnItsInterface => Steps.All(static s => s.StaysOnItsInterface);

    /// <summary>Whether state of earlier frames could affect the result, so that the row needs an engine without
    /// state.</summary>
    public bool NeedsCleanState => Steps.Count > 1 || Steps[0].Decision
            is Decision.IcmpTooBig or Decision.TcpReset or Decision.IcmpUnreachable
        || Steps[0].Reason == DropReason.FragmentUnknown
        || Given.Configuration.Pools.Any(
            static p => p.Algorithm != Algorithm.ConsistentHash || p.Persistence is not null);

    /// <summary>Reads a row.</summary>
    /// <param name="file">Name of the file.</param>
    /// <param name="node">The row.</param>
    /// <param name="defaults">The situation that the file's rows start from.</param>
    /// <param name="names">Names of hosts and addresses.</param>
    public static Case Read(string file, CaseNode node, CaseNode defaults, HostNames names)
    {
        node.Only(["sentence", "given", "frames", "source", .. Step.Keys]);
        if (string.IsNullOrWhiteSpace(node["source"].Text))
            throw node["source"].Wrong("a requirement or RFC section is expected here");
        var situation = defaults.With(node["given"]);
        return new Case
        {
            File = file,
            Sentence = node["sentence"].Text,
            Steps = node["frames"].Exists
                ? ReadSteps(node["frames"], situation, names)
                : [Step.Read(node, situation, names, Start)],
        };
    }

    private static List<Step> ReadSteps(CaseNode frames, CaseNode situation, HostNames names)
    {
        var steps = new List<Step>();
        foreach (var frame in frames.Items)
        {
            frame.Only(["then given", "later", "wait", .. Step.Keys]);
            situation = situation.With(frame["then given"]);
            steps.Add(Step.Read(frame, situation, names, steps is [.., var last] ? last.Now : Start));
        }
        return steps;
    }
}
