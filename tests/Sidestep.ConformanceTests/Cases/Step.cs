using System.Globalization;
using Sidestep.ConformanceTests.Frames;
using Sidestep.Forwarding;

namespace Sidestep.ConformanceTests.Cases;

/// <summary>One frame of a row and its expected result.</summary>
internal sealed record Step
{
    /// <summary>The keys of a step.</summary>
    public static readonly string[] Keys = ["in", "interface", "decision", "reason", "via", "out", "counters"];

    private readonly CaseNode _output;
    private readonly FrameBuilder _builder;

    private Step(CaseNode output, FrameBuilder builder) => (_output, _builder) = (output, builder);

    /// <summary>The situation when the frame arrives.</summary>
    public required Given Given { get; init; }

    /// <summary>The situation differs from that of the frame before.</summary>
    public required bool ChangesTheSituation { get; init; }

    /// <summary>Time for which the tables of this step are compiled; the test does not wait for it.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>Real time that passes before the frame, for engine state that expires.</summary>
    public required TimeSpan Wait { get; init; }

    public required byte[] In { get; init; }

    /// <summary>Name of the ingress interface.</summary>
    public required string Interface { get; init; }

    public required Decision Decision { get; init; }

    public required DropReason? Reason { get; init; }

    /// <summary>Name of the egress interface.</summary>
    public required string Via { get; init; }

    public required NamedCounters Counters { get; init; }

    public bool StaysOnItsInterface => Interface == Via;

    /// <summary>Reads a step.</summary>
    /// <param name="node">The row, or one of its frames.</param>
    /// <param name="situation">The situation when the frame arrives.</param>
    /// <param name="names">Names of hosts and addresses.</param>
    /// <param name="now">The time of the frame before.</param>
    public static Step Read(CaseNode node, CaseNode situation, HostNames names, DateTimeOffset now)
    {
        var builder = new FrameBuilder(names);
        var ingress = node["interface"].TextOr("uplink");
        var decision = CaseEnum.Parse<Decision>(node["decision"]);
        if (node["reason"].Exists != (decision == Decision.Drop))
            throw node["reason"].Wrong("a reason belongs to 'drop' and to nothing else");
        if (node["out"].Exists == decision is Decision.Drop or Decision.Punted)
            throw node["out"].Wrong("every decision but 'drop' and 'punted' has an output");
        var step = new Step(node["out"], builder)
        {
            Given = Given.Read(situation, names),
            ChangesTheSituation = node["then given"].Exists || node["later"].Exists,
            Now = now.AddSeconds(node["later"].NumberOr(0)),
            Wait = TimeSpan.FromSeconds(double.Parse(node["wait"].TextOr("0"), CultureInfo.InvariantCulture)),
            In = builder.Build(node["in"], []),
            Interface = ingress,
            Decision = decision,
            Reason = decision == Decision.Drop ? CaseEnum.Parse<DropReason>(node["reason"]) : null,
            Via = node["via"].TextOr(ingress),
            Counters = NamedCounters.Read(node["counters"]),
        };
        step.Expected([]); // an output that cannot be built fails when the table is read, not when an engine runs
        return step;
    }

    /// <summary>The expected frame; null when the director sends none. Fields that may have any value are taken from
    /// the actual frame, so that the checksums over them are checked too.</summary>
    public byte[]? Expected(byte[] actual) => !_output.Exists ? null
        : _output.IsText && _output.Text == "unchanged" ? In
        : _builder.Build(_output, In, actual);
}
