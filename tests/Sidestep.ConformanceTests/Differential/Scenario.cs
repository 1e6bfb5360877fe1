using System.Text;
using YamlDotNet.RepresentationModel;

namespace Sidestep.ConformanceTests.Differential;

/// <summary>A situation, changes of it, and the frames that arrive: the input of both engines.</summary>
/// <param name="Engine">The XDP engine: a name of <see cref="Xdp.Engines"/>.</param>
/// <param name="Stages">In order; at least one.</param>
internal sealed record Scenario(string Engine, IReadOnlyList<Stage> Stages)
{
    /// <summary>The scenario as a row of tests/cases, without the expected results.</summary>
    /// <param name="difference">Description of the difference.</param>
    public string ToRow(string difference)
    {
        var text = new StringBuilder();
        text.Append("- sentence: ").Append(difference.ReplaceLineEndings(" ")).Append('\n');
        text.Append("  # engine: ").Append(Engine).Append('\n');
        text.Append("  given: ").Append(FlowStyle(Stages[0].Changes)).Append('\n');
        text.Append("  frames:\n");
        foreach (var (stage, number) in Stages.Select(static (s, i) => (s, i)))
        {
            var opening = number == 0
                ? ""
                : $"then given: {FlowStyle(stage.Changes)}\n      later: {stage.Later}\n      ";
            foreach (var frame in stage.Frames)
            {
                text.Append("    - ").Append(opening).Append("in: [hex: \"").Append(Convert.ToHexStringLower(frame))
                    .Append("\"]\n");
                opening = "";
            }
            if (opening.Length > 0)
                text.Append("    # ").Append(opening.ReplaceLineEndings(" ")).Append("(and no frame)\n");
        }
        return text.ToString();
    }

    /// <summary>Reformats YAML on one line.</summary>
    private static string FlowStyle(string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        return FlowStyle(stream.Documents[0].RootNode);
    }

    /// <summary>A node on one line.</summary>
    public static string FlowStyle(YamlNode node) => node switch
    {
        YamlMappingNode map =>
            $"{{{string.Join(", ", map.Children.Select(static p => $"{FlowStyle(p.Key)}: {FlowStyle(p.Value)}"))}}}",
        YamlSequenceNode list => $"[{string.Join(", ", list.Children.Select(FlowStyle))}]",
        YamlScalarNode { Value: { } value } =>
            value.AsSpan().ContainsAny(":/@# ") || value.Length == 0 ? $"\"{value}\"" : value,
        _ => "null",
    };
}

/// <summary>A situation, or a change of one, and the frames that arrive then.</summary>
/// <param name="Changes">YAML that is merged into the defaults, or into the stage before.</param>
/// <param name="Later">Seconds by which the tables are later than those of the stage before.</param>
/// <param name="Frames">The frames, starting with the Ethernet header.</param>
internal sealed record Stage(string Changes, int Later, IReadOnlyList<byte[]> Frames);
