using System.Net;
using Sidestep.Daemon.Engines;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Capture;
using Sidestep.Forwarding.Plans;
using Sidestep.Forwarding.TrackedFlows;
using Sidestep.Model;
using Sidestep.UnitTests.Cli;

namespace Sidestep.UnitTests.Daemon;

/// <summary>The state of an engine that a test makes up: three flows, and a capture.</summary>
internal sealed class TestEngineState : IEngineState
{
    private static readonly ServerKey Web1 = new(Cli.TestDirector.Web, "web1", VrfAddress.Parse("10.0.0.11")),
        Web2 = new(Cli.TestDirector.Web, "web2", VrfAddress.Parse("10.0.0.12"));

    public TestEngineState() => Table = new ListedFlows(
        new FlowTableStatus(1024, [Web1, Web2], [ServiceKey.InDefault("www"), ServiceKey.InDefault("dns")]), Flows());

    public ListedFlows Table { get; set; }

    /// <summary>Fails a visit after its first flow.</summary>
    public string? Failure { get; set; }

    /// <summary>Blocks every visit until it is set.</summary>
    public ManualResetEventSlim? Blocked { get; set; }

    /// <summary>Makes the session of a capture.</summary>
    public Func<CaptureFilter, ICaptureSession> Capture { get; set; } = static _ =>
        throw new EngineException("another capture is running");

    public IFlowTable OpenFlows() => Table;

    public RunningState Read() => new(
        new RunningGroups(TestDirector.Tables.HashKey, TestDirector.Tables.Groups), [],
        new FlowCounts(new Dictionary<ServerKey, long>()), new HashSet<VrfAddress>());

    public IReadOnlyList<AttachedInterface> ReadAttached() => [new("eth0", Driver.Native, null)];

    public ICaptureSession StartCapture(CaptureFilter filter, CaptureLimits limits) => Capture(filter);

    internal static TrackedFlow Flow(ServerKey server, ushort port) => new(
        ServiceKey.InDefault("www"),
        new Flow(IPAddress.Parse("198.51.100.7"), IPAddress.Parse("203.0.113.10"), 6, port, 80), server,
        TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));

    private IEnumerable<TrackedFlow> Flows()
    {
        Blocked?.Wait();
        yield return Flow(Web1, 1);
        if (Failure is { } failure)
            throw new EngineException(failure);
        yield return Flow(Web1, 2);
        yield return Flow(Web2, 3);
    }
}
