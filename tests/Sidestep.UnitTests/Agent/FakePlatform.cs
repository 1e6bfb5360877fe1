using System.Net;
using Sidestep.Agent.Host;
using Sidestep.Agent.Running;
using Sidestep.Native.Netlink;

namespace Sidestep.UnitTests.Agent;

/// <summary>A host whose kernel, events and statistics a test sets.</summary>
internal sealed class FakePlatform : IHostPlatform, IKernelEvents
{
    public FakeKernel Kernel { get; } = new();

    public FakeReportSource Source { get; } = new();

    public HostPrivileges Privileges { get; set; } = new(true, true, true);

    /// <summary>Called in place of waiting for events.</summary>
    public Func<bool> OnWait { get; set; } = static () => false;

    /// <summary>What was closed, in this order.</summary>
    public List<string> Closed { get; } = [];

    public IHostKernel OpenKernel()
    {
        Kernel.OnDispose = () => Closed.Add("kernel");
        Kernel.OnProgramsDisposed = () => Closed.Add("programs");
        return Kernel;
    }

    public IKernelEvents OpenEvents() => this;

    public IReportSource OpenReportSource()
    {
        Source.OnDispose = () => Closed.Add("source");
        return Source;
    }

    public bool Wait(TimeSpan timeout)
    {
        Assert.Equal(EventLoop.EventTimeout, timeout);
        return OnWait();
    }

    public void Dispose() => Closed.Add("events");
}

/// <summary>Texts and lists in place of /proc and tools.</summary>
internal sealed class FakeReportSource : IReportSource
{
    public Dictionary<string, string[]> CounterFiles { get; } = new() { ["netstat"] = [], ["snmp"] = [] };

    public Dictionary<string, long> ProcValues { get; } = [];

    public List<string> Rules { get; } = [];

    public List<(string Protocol, IPAddress Address, int Port)>? Sockets { get; set; } = [];

    public List<Neighbour> KnownNeighbours { get; } = [];

    /// <summary>How often the rules were listed.</summary>
    public int RulesetReads { get; private set; }

    public IReadOnlyList<string> ReadCounters(string file) => CounterFiles[file];

    public long? ReadNumber(string path) => ProcValues.TryGetValue(path, out var value) ? value : null;

    public IReadOnlyList<string> Ruleset()
    {
        RulesetReads++;
        return Rules;
    }

    public IReadOnlyList<(string Protocol, IPAddress Address, int Port)>? Listeners(int limit) =>
        Sockets?.Take(limit).ToList();

    public IReadOnlyList<Neighbour> Neighbours() => KnownNeighbours;

    public IReadOnlyList<string> Offloads(string interfaceName) =>
        interfaceName == "eth0" ? ["rx-gro", "tx-checksum-ipv4"] : [];

    public Action OnDispose { get; set; } = static () => { };

    public void Dispose() => OnDispose();
}
