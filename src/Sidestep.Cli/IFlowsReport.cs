using Sidestep.Api.Flows;

namespace Sidestep.Cli;

/// <summary>Writes the tracked flows of a director. There may be a million, so each is written when it is
/// found.</summary>
public interface IFlowsReport
{
    /// <summary>Writes one tracked flow.</summary>
    void Add(FlowRecord flow);

    /// <summary>Writes the counts, after the last flow.</summary>
    void Finish(FlowsReport report);
}
