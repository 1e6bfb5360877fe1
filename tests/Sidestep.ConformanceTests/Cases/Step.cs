using System.Globalization;
using Sidestep.ConformanceTests.Frames;
using Sidestep.Forwarding;

namespace Sidestep.ConformanceTests.Cases;

/// <summary>One frame of a row and what must become of it.</summary>
internal sealed record Step
{
    /// <summary>The keys that say it.</summary>
    public static readonly string[] Keys = ["in", "interface", "decision", "reason", "via", "out", "counters"];

    private readonly CaseNode _output;
    private readonly FrameBuilder _builder;

    private Step(CaseNode output, FrameBuilder builder) => (_output, _builder) = (output, builder);

    /// <summary>The situation that the frame meets.</summary>
    public required Given Given { get; init; }

    /// <summary>The situation is another one than at the frame before.</summary>
    public required bool ChangesTheSituation { get; init; }

    /// <summary>When the tables of this step are compiled, as they understand time: nobody waits for it.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>What passes before the frame comes: only for memory of the engine, which ends with time.</summary>
    public required TimeSpan Wait { get; init; }

    public required byte[] In { get; init; }

    /// <summary>Name of the interface that the frame comes in by.</summary>
    public required string Interface { get; init; }

    public required Decision Decision { get; init; }

    public required DropReason? Reason { get; init; }

    /// <summary>Name of the interface that the frame leaves by.</summary>
    public required string Via { get; init; }

    public required NamedCounters Counters { get; init; }

    public bool StaysOnItsInterface => Interface == Via;

    /// <summary>Reads.</summary>
    /// <param name="node">The row, or one of its frames.</param>
    /// <param name="situation">What it meets.</param>
    /// <param name="names">Who is who.</param>
    /// <param name="now">The time of the frame before.</param>
    public static Step Read(CaseNode node, CaseNode situation, HostNames names, DateTimeOffset now)
    {
        var builder = new FrameBuilder(names);
        var entrance = node["interface"].TextOr("uplink");
        var decision = CaseEnum.Parse<Decision>(node["decision"]);
        if (node["reason"].Exists != (decision == Decision.Drop))
            throw node["reason"].Wrong("a reason belongs to 'drop' and to nothing else");
        if (node["out"].Exists == decision is Decision.Drop or Decision.Punted)
            throw node["out"].Wrong("every decision but 'drop' and 'punted' has an outcome");
        var step = new Step(node["out"], builder)
        {
            Given = Given.Read(situation, names),
            ChangesTheSituation = node["then given"].Exists || node["later"].Exists,
            Now = now.AddSeconds(node["later"].NumberOr(0)),
            Wait = TimeSpan.FromSeconds(double.Parse(node["wait"].TextOr("0"), CultureInfo.InvariantCulture)),
            In = builder.Build(node["in"], []),
            Interface = entrance,
            Decision = decision,
            Reason = decision == Decision.Drop ? CaseEnum.Parse<DropReason>(node["reason"]) : null,
            Via = node["via"].TextOr(entrance),
            Counters = NamedCounters.Read(node["counters"]),
        };
        step.Expected([]); // an outcome that cannot be built fails when the table is read, not when an engine is there
        return step;
    }

    /// <summary>The frame that must result, null when none may. Fields that may be anything are as in the actual one, so that
    /// the checksums over them are judged too.</summary>
    public byte[]? Expected(byte[] actual) => !_output.Exists ? null
        : _output.IsText && _output.Text == "unchanged" ? In
        : _builder.Build(_output, In, actual);
}
