using System.Collections.Immutable;
using System.Diagnostics;
using System.Net;
using Sidestep.Control;
using Sidestep.Control.Health;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.UnitTests.Control;

/// <summary>A loop among fakes. Its first configuration has service s0 and server 10.0.0.11, which has a next
/// hop.</summary>
internal sealed class ControlLoopFixture : IAsyncDisposable
{
    public const string Server = "10.0.0.11";
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);
    private readonly CancellationTokenSource _stop = new();
    private Task _run = Task.CompletedTask;

    public ControlLoopFixture(Configuration? first = null, FakeObserver? observer = null, IHealth? health = null,
        bool advertises = false)
    {
        Engine = new FakeEngine(Journal);
        NextHops.Set(Server, 0x11);
        Loop = new ControlLoop(Engine, NextHops, new EffectiveConfiguration(first ?? Configuration("s0")),
            observer ?? new FakeObserver(Journal),
            Time, health, advertises ? new FakeAdvertiser(Journal) : null, PathMtus);
    }

    public Journal Journal { get; } = new();

    public PathMtus PathMtus { get; } = new();

    public FakeEngine Engine { get; }

    public FakeNextHops NextHops { get; } = new();

    public ManualTime Time { get; } = new();

    public ControlLoop Loop { get; }

    /// <summary>A configuration with these servers in its pool; flows of its only service live for 120 s.</summary>
    public static Configuration WithServers(params RealServer[] servers)
    {
        var configuration = Configuration("s0");
        return configuration with { Pools = [configuration.Pools[0] with { Servers = [.. servers] }] };
    }

    public static Configuration Configuration(string service, string server = Server, params string[] interfaces) =>
        new()
        {
            Node = new NodeSettings
            {
                Interfaces = [.. (interfaces.Length == 0 ? ["eth0"] : interfaces)
                .Select(static n => new DirectorInterface(n, Driver.Auto))],
            },
            Group = new GroupSettings { HashKey = new HashKey(1, 2) },
            NetworkProfiles = [new NetworkProfile { Name = "l2", DsrType = DsrType.L2 }],
            Pools = [
            new Pool { Name = "pool", Slots = 1021,
                Servers = [new RealServer { Name = "server", Address = IPAddress.Parse(server) }] }],
            VirtualServices = ImmutableArray.Create(new VirtualService
            {
                Name = service,
                Vips = [IPNetwork.Parse("192.0.2.1/32")],
                Protocol = TransportProtocol.Udp,
                Ports = [PortRange.One(53)],
                Pool = "pool",
                NetworkProfile = "l2",
            }),
        };

    /// <summary>Posts a configuration without drains.</summary>
    public void Post(Configuration configuration) => _ = PostAsync(configuration);

    public Task<bool> PostAsync(Configuration configuration) =>
        Loop.PostAsync(new EffectiveConfiguration(configuration));

    /// <summary>Starts and runs the loop; returns the lines of the start.</summary>
    public string[] Start()
    {
        Loop.Start();
        _run = Task.Run(() => Loop.RunAsync(_stop.Token));
        return Journal.Lines;
    }

    /// <summary>Waits until this many lines came since, and gives them. Too many show at the next call, or in
    /// <see cref="StopAsync"/>.</summary>
    public async Task<string[]> NextAsync(int lines, int since)
    {
        await UntilAsync(() => Journal.Lines.Length >= since + lines, () => string.Join('\n', Journal.Lines[since..]));
        return Journal.Lines[since..(since + lines)];
    }

    /// <summary>Waits until the loop waits for a time, and returns how long it will wait.</summary>
    public async Task<TimeSpan> PauseAsync()
    {
        await UntilAsync(() => Time.NextDue is not null, static () => "the loop does not wait");
        return Time.NextDue!.Value;
    }

    /// <summary>Ends the loop; returns all lines.</summary>
    public async Task<string[]> StopAsync()
    {
        await _stop.CancelAsync();
        await _run.WaitAsync(Timeout);
        return Journal.Lines;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private static async Task UntilAsync(Func<bool> condition, Func<string> failure)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(clock.Elapsed < Timeout, failure());
            await Task.Delay(1);
        }
    }
}
