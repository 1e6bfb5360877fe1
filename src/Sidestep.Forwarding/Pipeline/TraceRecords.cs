using System.Text.Json;
using Sidestep.Api;
using Sidestep.Api.Traces;
using Sidestep.Packets.Capture;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>Turns explanations into records.</summary>
public static class TraceRecords
{
    /// <summary>The record of a trace.</summary>
    /// <param name="explanation">The decisions, stage by stage.</param>
    /// <param name="source">The state that decided.</param>
    /// <param name="frame">The traced frame.</param>
    /// <param name="sent">The frame that would be sent; empty: none.</param>
    public static TraceReport Of(Explanation explanation, TraceSource source, ReadOnlySpan<byte> frame,
        ReadOnlySpan<byte> sent)
    {
        ArgumentNullException.ThrowIfNull(explanation);
        return new TraceReport
        {
            Source = source,
            Packet = FrameText.Of(frame),
            Decision = CounterName.Of(explanation.Decision),
            Reason = explanation.Reason is { } reason ? CounterName.Of(reason) : null,
            Stages = [.. explanation.Stages.Select(Of)],
            In = Convert.ToHexStringLower(frame),
            Out = sent.IsEmpty ? null : Convert.ToHexStringLower(sent),
        };
    }

    private static TraceStage Of(ExplainedStage stage)
    {
        var record = new TraceStage(stage.Name, stage.Text);
        foreach (var field in stage.Fields)
            record.Fields.Add(field.Name, ValueOf(field));
        return record;
    }

    private static JsonElement ValueOf(TraceField field) => field.Value switch
    {
        null => JsonSerializer.SerializeToElement(null, ApiJson.Default.String!),
        string text => JsonSerializer.SerializeToElement(text, ApiJson.Default.String),
        int number => JsonSerializer.SerializeToElement(number, ApiJson.Default.Int32),
        bool flag => JsonSerializer.SerializeToElement(flag, ApiJson.Default.Boolean),
        _ => throw new ArgumentException($"{field.Name} has a {field.Value.GetType()}", nameof(field)),
    };
}
