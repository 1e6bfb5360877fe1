using System.Globalization;
using System.Text.Json;
using Sidestep.Model;
using Sidestep.SystemTests.Director;

namespace Sidestep.SystemTests.Managed;

/// <summary>Whatever keeps workers from running for a moment (a machine with too much to do, a pause of the run time) loses no frame: they
/// wait, as many as docs/limits.md says.</summary>
public sealed class StallTests
{
    private const int PerBurst = 192;

    [Theory]
    [InlineData(Driver.AfXdp, 8_000)]
    [InlineData(Driver.AfPacket, 4_000)]
    public void Frames_that_come_while_nothing_of_the_daemon_runs_are_forwarded_afterwards(Driver driver, int frames)
    {
        using var cables = new Cables();
        cables.AddLink("eth0", 1);
        cables.Director.Ip($"address add {Segment.DirectorAddress}/24 dev eth0");
        cables.Others.Ip($"address add {Segment.AddressOf(1)}/24 dev eth0");
        cables.Others.Run("nft", Counter("came"));
        cables.Director.Run("nft", Counter("came"));
        var folder = Directory.CreateTempSubdirectory("sidestep-stall-test-");
        try
        {
            var file = Path.Combine(folder.FullName, "sidestep.yaml");
            File.WriteAllText(file, new DirectorFile
            {
                Name = "stall",
                PinPath = $"/sys/fs/bpf/{string.Join('-', cables.Director.Name.Split('-')[..3])}",
                Services = [new ServiceLine("echo", Segment.Vip, EchoServer.Port)],
                Servers = [Segment.Line(1)],
                Interfaces = [("eth0", driver.Name())],
            }.ToString());
            using var daemon = new Director.Daemon(cables.Director, file);
            daemon.WaitFor(Director.Daemon.Ready);
            var flows = Datagrams.To(cables.MacOf("eth0"), 250);
            cables.Send("eth0", queue: 0, queues: 1, flows);
            Eventually.True(() => Came(cables.Others) == flows.Length, () => $"{Came(cables.Others)} of {flows.Length} came before the stall");

            var taken = Taken(cables, driver);
            daemon.Stop();
            for (var sent = 0; sent < frames; sent += PerBurst)
            {
                var burst = Math.Min(PerBurst, frames - sent);
                cables.Send("eth0", queue: 0, queues: 1, [.. Enumerable.Range(sent, burst).Select(n => flows[n % flows.Length])]);
                // No faster than the cable hands them on: this is about who takes them.
                var target = taken + sent + burst;
                Eventually.True(() => Taken(cables, driver) >= target, () => $"the cable handed on {Taken(cables, driver) - taken} of {sent + burst}");
            }
            Assert.Equal(flows.Length, Came(cables.Others));
            daemon.Signal("CONT");
            Eventually.True(() => Came(cables.Others) == flows.Length + frames,
                () => $"{Came(cables.Others) - flows.Length} of {frames} came that were sent while the daemon stood still: {Workers(file)}\n{cables.Others.Run("cat", "/proc/net/softnet_stat")}");
            Assert.Equal(0, daemon.End());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string Workers(string file)
    {
        using var status = JsonDocument.Parse(Shell.Run(Repository.Executable("Sidestep.Cli", "sidestep"), "status", "--config", file, "--json"));
        return status.RootElement.GetProperty("workers").GetRawText();
    }

    /// <summary>What the device has handed to sockets, or the kernel has shown to packet sockets: those come before the counter.</summary>
    private static long Taken(Cables cables, Driver driver) => driver == Driver.AfXdp ? cables.HandedOn("eth0", 0) : Came(cables.Director);

    private static string Counter(string name) => string.Create(CultureInfo.InvariantCulture,
        $"add table netdev t; add counter netdev t {name}; add chain netdev t c {{ type filter hook ingress device eth0 priority 0; }}; add rule netdev t c ip daddr {Segment.Vip} counter name {name}");

    private static long Came(Sidestep.Testing.NetworkNamespace place)
    {
        using var document = JsonDocument.Parse(place.Run("nft", "-j", "list counter netdev t came"));
        return document.RootElement.GetProperty("nftables").EnumerateArray().Where(static e => e.TryGetProperty("counter", out _))
            .Select(static e => e.GetProperty("counter").GetProperty("packets").GetInt64()).Single();
    }
}
