using Sidestep.ConformanceTests.Frames;
using Sidestep.Forwarding;

namespace Sidestep.ConformanceTests.Cases;

/// <summary>A row of the case table: tests/cases/README.md says what each part means.</summary>
internal sealed record Case
{
    public required string File { get; init; }

    public required string Sentence { get; init; }

    public required Given Given { get; init; }

    public required byte[] In { get; init; }

    /// <summary>Name of the interface that the frame comes in by.</summary>
    public required string Interface { get; init; }

    public required Decision Decision { get; init; }

    public required DropReason? Reason { get; init; }

    /// <summary>Name of the interface that the frame leaves by.</summary>
    public required string Via { get; init; }

    /// <summary>Null when it is dropped.</summary>
    public required byte[]? Out { get; init; }

    public required Counts Counters { get; init; }

    public bool StaysOnItsInterface => Interface == Via;

    public static Case Read(string file, CaseNode node, CaseNode defaults, Names names)
    {
        node.Only("sentence", "given", "in", "interface", "decision", "reason", "via", "out", "counters", "source");
        if (string.IsNullOrWhiteSpace(node["source"].Text))
            throw node["source"].Wrong("a requirement or RFC section is expected here");
        var builder = new FrameBuilder(names);
        var input = builder.Build(node["in"], []);
        var entrance = node["interface"].TextOr("uplink");
        var decision = Kebab.Parse<Decision>(node["decision"]);
        if (node["reason"].Exists != (decision == Decision.Drop))
            throw node["reason"].Wrong("a reason belongs to 'drop' and to nothing else");
        if (node["out"].Exists == (decision == Decision.Drop))
            throw node["out"].Wrong("every decision but 'drop' has an outcome");
        return new Case
        {
            File = file,
            Sentence = node["sentence"].Text,
            Given = Given.Read(defaults.With(node["given"]), names),
            In = input,
            Interface = entrance,
            Decision = decision,
            Reason = decision == Decision.Drop ? Kebab.Parse<DropReason>(node["reason"]) : null,
            Via = node["via"].TextOr(entrance),
            Out = decision == Decision.Drop ? null
                : node["out"].IsText && node["out"].Text == "unchanged" ? input
                : builder.Build(node["out"], input),
            Counters = Counts.Read(node["counters"]),
        };
    }
}
