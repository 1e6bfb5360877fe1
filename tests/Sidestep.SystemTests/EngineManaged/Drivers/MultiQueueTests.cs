using System.Globalization;
using Sidestep.Engine.Managed;
using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.SystemTests.EngineManaged.Drivers;

/// <summary>Several queues: each has a worker on its own CPU, and all workers act as one director.</summary>
public sealed class MultiQueueTests
{
    private const int Flows = 256, Rounds = 40;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(Driver.AfXdp)]
    [InlineData(Driver.AfPacket)]
    public void Every_queue_has_a_worker_that_forwards_its_frames_without_allocating(Driver driver)
    {
        using var cables = new Cables();
        cables.Add("eth0", queues: 2);
        using var engine = InProcessDirector.Start(cables, driver, "eth0");
        Assert.Equal(2, engine.Workers.Count);

        // One frame of every flow by both queues: both workers choose the same server.
        var first = Exchange(cables, ["eth0"], "eth0", queue: 0);
        var second = Exchange(cables, ["eth0"], "eth0", queue: 1);
        Assert.Equal(first, second);
        Assert.Equal(2, first.Values.Distinct().Count());
        Assert.All(engine.Workers, static w => Assert.True(w.Counters.Frames > 0));

        // Then many frames, until a round allocates nothing: the run time allocates while it compiles, at the
        // beginning.
        var allocated = new List<long>();
        for (var round = 0; round < Rounds; round++)
        {
            var before = engine.Totals().AllocatedBytes;
            SendBurst(cables, engine, round % 2);
            allocated.Add(engine.Totals().AllocatedBytes - before);
        }
        Assert.Equal(0, allocated.Skip(Rounds / 2).Min());

        const int Sent = (2 + Rounds) * Flows;
        Assert.Equal(Sent, cables.ReceivedByFarEnd("eth0"));
        Assert.Equal(Sent, engine.Totals().Sent);
        Assert.Equal(Sent, (long)engine.ReadCounters().Services[ServiceKey.InDefault("echo")].Packets);
        Assert.Equal(Sent, engine.ReadCounters().Servers.Values.Sum(static s => (long)s.Packets));
        Assert.Equal(0, engine.Totals().RxDropped + engine.Totals().TxDropped);
        if (driver == Driver.AfXdp)
        {
            for (var queue = 0; queue < 2; queue++)
                Assert.Equal(cables.XdpRedirects("eth0", queue), engine.Workers[queue].Counters.Frames);
        }
    }

    /// <summary>An interface with fewer queues than workers: workers without a socket there still send by it.</summary>
    [Theory]
    [InlineData(Driver.AfXdp)]
    [InlineData(Driver.AfPacket)]
    public void Frames_cross_between_interfaces_with_one_and_two_queues(Driver driver)
    {
        using var cables = new Cables();
        cables.Add("eth0", queues: 1);
        cables.Add("eth1", queues: 2);
        using var engine = InProcessDirector.Start(cables, driver, "eth0", "eth1");

        var exchanges = new[] { ("eth0", 0), ("eth1", 0), ("eth1", 1) }
            .Select(entry => Exchange(cables, ["eth0", "eth1"], entry.Item1, entry.Item2)).ToArray();
        Assert.All(exchanges, entry => Assert.Equal(exchanges[0], entry));
        Assert.Equal(["eth0", "eth1"], exchanges[0].Values.Select(static v => v.Cable).Distinct().Order());
        Assert.Equal(3 * Flows, cables.ReceivedByFarEnd("eth0") + cables.ReceivedByFarEnd("eth1"));
        Assert.Equal(3 * Flows, engine.Totals().Sent);
        Assert.Equal(0, engine.Totals().RxDropped + engine.Totals().TxDropped);
    }

    [Theory]
    [InlineData(Driver.AfXdp)]
    [InlineData(Driver.AfPacket)]
    public void Each_worker_is_pinned_to_its_own_CPU(Driver driver)
    {
        using var segment = new Segment(servers: 1);
        segment.Lan.SetQueues(segment.Director, "eth0", 2);
        segment.File = segment.File with { Interfaces = [("eth0", driver.Name())] };
        var daemon = segment.Start();
        using var traffic = segment.Send();
        traffic.WaitUntilAllAnswered();

        var pinned = Directory.GetDirectories(string.Create(CultureInfo.InvariantCulture, $"/proc/{daemon.Id}/task"))
            .Select(static t => (Name: File.ReadAllText($"{t}/comm").Trim(),
            Cpus: Field($"{t}/status", "Cpus_allowed_list")))
            .Where(t => t.Name.StartsWith(driver.Name(), StringComparison.Ordinal)).OrderBy(static t => t.Name)
            .ToArray();
        var allowed = Kernel.AllowedCpus;
        var expected = Enumerable.Range(0, driver == Driver.AfXdp ? 2 : allowed.Count)
            .Select(n => (string.Create(CultureInfo.InvariantCulture, $"{driver.Name()} {n}"),
            allowed[n % allowed.Count].ToString(CultureInfo.InvariantCulture)));
        Assert.Equal(expected, pinned);
    }

    private static string Field(string file, string name) =>
        File.ReadLines(file).Single(l => l.StartsWith(name, StringComparison.Ordinal)).Split(':')[1].Trim();

    private static SortedDictionary<int, (string Cable, ulong Server)> Exchange(
        Cables cables, string[] all, string cable, int queue) =>
        InProcessDirector.Exchange(cables, all, cable, Flows, queue, queues: 2);

    private static void SendBurst(Cables cables, ManagedEngine engine, int queue)
    {
        var target = engine.Totals().Sent + Flows;
        cables.Send("eth0", queue, queues: 2, Datagrams.To(cables.MacOf("eth0"), Flows));
        Assert.True(SpinWait.SpinUntil(() => engine.Totals().Sent >= target, Timeout),
            $"{engine.Totals()} of {target}");
        foreach (var _ in cables.TakeReceived("eth0"))
        {
        }
    }
}
