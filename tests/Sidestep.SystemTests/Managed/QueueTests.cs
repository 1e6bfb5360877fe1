using System.Globalization;
using Sidestep.Engine.Managed;
using Sidestep.Model;
using Sidestep.Native;
using Sidestep.SystemTests.Director;

namespace Sidestep.SystemTests.Managed;

/// <summary>Several queues: a worker for each, on a CPU of its own, and all of them one director.</summary>
public sealed class QueueTests
{
    private const int Flows = 256, Rounds = 40;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(Driver.AfXdp)]
    [InlineData(Driver.AfPacket)]
    public void Frames_of_all_queues_are_forwarded_and_each_has_a_worker(Driver driver)
    {
        using var cables = new Cables();
        cables.Add("eth0", queues: 2);
        using var engine = CabledDirector.Start(cables, driver, "eth0");
        Assert.Equal(2, engine.Workers.Count);

        // Once every flow, by both queues: the same server, whichever worker it meets.
        var first = Exchange(cables, ["eth0"], "eth0", queue: 0);
        var second = Exchange(cables, ["eth0"], "eth0", queue: 1);
        Assert.Equal(first, second);
        Assert.Equal(2, first.Values.Distinct().Count());
        Assert.All(engine.Workers, static w => Assert.True(w.Figures.Frames > 0));

        // Then many, until a round allocates nothing: what the run time compiles it does at the beginning.
        var allocated = new List<long>();
        for (var round = 0; round < Rounds; round++)
        {
            var before = engine.Sum().AllocatedBytes;
            Blast(cables, engine, round % 2);
            allocated.Add(engine.Sum().AllocatedBytes - before);
        }
        Assert.Equal(0, allocated.Skip(Rounds / 2).Min());

        const int Sent = (2 + Rounds) * Flows;
        Assert.Equal(Sent, cables.Received("eth0"));
        Assert.Equal(Sent, engine.Sum().Sent);
        Assert.Equal(Sent, (long)engine.ReadCounters().Services["echo"].Packets);
        Assert.Equal(Sent, engine.ReadCounters().Servers.Values.Sum(static s => (long)s.Packets));
        Assert.Equal(0, engine.Sum().LostReceived + engine.Sum().LostSent);
        if (driver == Driver.AfXdp)
        {
            for (var queue = 0; queue < 2; queue++)
                Assert.Equal(cables.HandedOn("eth0", queue), engine.Workers[queue].Figures.Frames);
        }
    }

    /// <summary>An interface with fewer queues than workers: those without a socket there send by it all the same.</summary>
    [Theory]
    [InlineData(Driver.AfXdp)]
    [InlineData(Driver.AfPacket)]
    public void Frames_cross_between_interfaces_of_one_and_two_queues(Driver driver)
    {
        using var cables = new Cables();
        cables.Add("eth0", queues: 1);
        cables.Add("eth1", queues: 2);
        using var engine = CabledDirector.Start(cables, driver, "eth0", "eth1");

        var ways = new[] { ("eth0", 0), ("eth1", 0), ("eth1", 1) }
            .Select(way => Exchange(cables, ["eth0", "eth1"], way.Item1, way.Item2)).ToArray();
        Assert.All(ways, way => Assert.Equal(ways[0], way));
        Assert.Equal(["eth0", "eth1"], ways[0].Values.Select(static v => v.Cable).Distinct().Order());
        Assert.Equal(3 * Flows, cables.Received("eth0") + cables.Received("eth1"));
        Assert.Equal(3 * Flows, engine.Sum().Sent);
        Assert.Equal(0, engine.Sum().LostReceived + engine.Sum().LostSent);
    }

    [Theory]
    [InlineData(Driver.AfXdp)]
    [InlineData(Driver.AfPacket)]
    public void Workers_are_pinned_each_to_its_cpu(Driver driver)
    {
        using var segment = new Segment(servers: 1);
        segment.Lan.SetQueues(segment.Director, "eth0", 2);
        segment.File = segment.File with { Interfaces = [("eth0", driver.Name())] };
        var daemon = segment.Start();
        using var traffic = segment.Send();
        traffic.UntilAllAnswered();

        var pinned = Directory.GetDirectories(string.Create(CultureInfo.InvariantCulture, $"/proc/{daemon.Id}/task"))
            .Select(static t => (Name: File.ReadAllText($"{t}/comm").Trim(), Cpus: Field($"{t}/status", "Cpus_allowed_list")))
            .Where(t => t.Name.StartsWith(driver.Name(), StringComparison.Ordinal)).OrderBy(static t => t.Name).ToArray();
        var allowed = Kernel.AllowedCpus;
        var expected = Enumerable.Range(0, driver == Driver.AfXdp ? 2 : allowed.Count)
            .Select(n => (string.Create(CultureInfo.InvariantCulture, $"{driver.Name()} {n}"), allowed[n % allowed.Count].ToString(CultureInfo.InvariantCulture)));
        Assert.Equal(expected, pinned);
    }

    private static string Field(string file, string name) =>
        File.ReadLines(file).Single(l => l.StartsWith(name, StringComparison.Ordinal)).Split(':')[1].Trim();

    private static SortedDictionary<int, (string Cable, ulong Server)> Exchange(Cables cables, string[] all, string cable, int queue) =>
        CabledDirector.Exchange(cables, all, cable, Flows, queue, queues: 2);

    private static void Blast(Cables cables, ManagedEngine engine, int queue)
    {
        var target = engine.Sum().Sent + Flows;
        cables.Send("eth0", queue, queues: 2, Datagrams.To(cables.MacOf("eth0"), Flows));
        Assert.True(SpinWait.SpinUntil(() => engine.Sum().Sent >= target, Patience), $"{engine.Sum()} of {target}");
        foreach (var _ in cables.CameOut("eth0"))
        {
        }
    }
}
