using Sidestep.Api.Traces;
using Sidestep.Cli.Replay;
using Sidestep.Engine.Managed;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.Cli;

/// <summary>Traces a frame through the tables of a configuration, in this process.</summary>
internal static class ConfigurationTrace
{
    /// <summary>Runs the frame.</summary>
    /// <param name="configuration">The configuration.</param>
    /// <param name="running">Slots, next hops and tracked flows of the running director; null: those of a director that
    /// has just started.</param>
    /// <param name="request">The frame.</param>
    internal static TraceReport Run(Configuration configuration, RunningNetwork? running, TraceRequest request)
    {
        var frame = request.Frame.ToArray();
        // Without a running director, its MAC address is the destination of the frame.
        var mac = !request.IsSynthetic && running is null ? MacAddress.Read(frame) : (MacAddress?)null;
        var nextHops = running?.NextHops ?? SyntheticTopology.For(configuration, mac, SyntheticTopology.DefaultMtu);
        using var engine = new ManagedEngine(configuration.Group.FlowTableSize);
        engine.Apply(TableCompiler.Compile(configuration, nextHops, running?.Groups.ToPrevious(),
            MonotonicClock.Now(TimeProvider.System)));
        foreach (var flow in running?.Flows ?? [])
            engine.Track(flow);
        var ingress = nextHops.Interfaces[0];
        if (request.IsSynthetic)
            ingress.Mac.Write(frame);
        return Tracer.Run(engine, frame, ingress.Index,
            running is null ? TraceSource.ConfigurationFile : TraceSource.PinnedTables);
    }
}
