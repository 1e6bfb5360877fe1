using System.Text.Json;
using Sidestep.Api;
using Sidestep.Api.Flows;

namespace Sidestep.Cli;

/// <summary>Writes a <see cref="FlowsReport"/> as one JSON object, with each flow on a line.</summary>
/// <param name="output">Where to write.</param>
/// <param name="list">True if the caller will add flows.</param>
public sealed class FlowsJson(TextWriter output, bool list) : IFlowsReport
{
    private bool _hasFlow;

    /// <inheritdoc/>
    public void Add(FlowRecord flow)
    {
        output.Write(_hasFlow ? ",\n" : "{\"list\":[\n");
        _hasFlow = true;
        output.Write(JsonSerializer.Serialize(flow, ApiJson.Default.FlowRecord));
    }

    /// <inheritdoc/>
    public void Finish(FlowsReport report)
    {
        output.Write(_hasFlow ? "\n],\n" : list ? "{\"list\":[],\n" : "{");
        output.WriteLine(JsonSerializer.Serialize(report, ApiJson.Default.FlowsReport)[1..]);
    }
}
