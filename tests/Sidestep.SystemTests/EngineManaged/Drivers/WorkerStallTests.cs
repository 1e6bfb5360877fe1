using System.Globalization;
using System.Text.Json;
using Sidestep.Model;

namespace Sidestep.SystemTests.EngineManaged.Drivers;

/// <summary>When workers cannot run for a moment (an overloaded machine, a pause of the run time), no frame is lost: as
/// many wait as docs/limits.md says.</summary>
public sealed class WorkerStallTests
{
    private const int PerBurst = 192;

    [Theory]
    [InlineData(Driver.AfXdp, 8_000)]
    [InlineData(Driver.AfPacket, 4_000)]
    public void Frames_that_arrive_while_the_daemon_is_stopped_are_forwarded_afterwards(Driver driver, int frames)
    {
        using var cables = new Cables();
        cables.AddLink("eth0", 1);
        cables.Director.Ip($"address add {Segment.DirectorAddress}/24 dev eth0");
        cables.FarEnd.Ip($"address add {Segment.AddressOf(1)}/24 dev eth0");
        cables.FarEnd.Run("nft", CounterRules("came"));
        cables.Director.Run("nft", CounterRules("came"));
        var folder = Directory.CreateTempSubdirectory("sidestep-stall-test-");
        try
        {
            var file = Path.Combine(folder.FullName, "sidestep.yaml");
            File.WriteAllText(file, new DirectorConfiguration
            {
                Name = "stall",
                PinPath = $"/sys/fs/bpf/{string.Join('-', cables.Director.Name.Split('-')[..3])}",
                Services = [new UdpService("echo", Segment.Vip, EchoServer.Port)],
                Servers = [Segment.ServerEntry(1)],
                Interfaces = [("eth0", driver.Name())],
            }.ToString());
            using var daemon = new DaemonProcess(cables.Director, file);
            daemon.WaitFor(DaemonProcess.Ready);
            var flows = Datagrams.To(cables.MacOf("eth0"), 250);
            cables.Send("eth0", queue: 0, queues: 1, flows);
            Eventually.True(() => CountedPackets(cables.FarEnd) == flows.Length,
                () => $"{CountedPackets(cables.FarEnd)} of {flows.Length} came before the stall");

            var taken = TakenByDriver(cables, driver);
            daemon.Pause();
            for (var sent = 0; sent < frames; sent += PerBurst)
            {
                var burst = Math.Min(PerBurst, frames - sent);
                cables.Send("eth0", queue: 0, queues: 1,
                    [.. Enumerable.Range(sent, burst).Select(n => flows[n % flows.Length])]);
                // No faster than the cable delivers them: the test is about the receiving side.
                var target = taken + sent + burst;
                Eventually.True(() => TakenByDriver(cables, driver) >= target,
                    () => $"the cable handed on {TakenByDriver(cables, driver) - taken} of {sent + burst}");
            }
            Assert.Equal(flows.Length, CountedPackets(cables.FarEnd));
            daemon.Signal("CONT");
            Eventually.True(() => CountedPackets(cables.FarEnd) == flows.Length + frames,
                () => $"{CountedPackets(cables.FarEnd) - flows.Length} of {frames} frames arrived that were sent while"
                    + $" the daemon was stopped: {Workers(file)}\n"
                    + cables.FarEnd.Run("cat", "/proc/net/softnet_stat"));
            Assert.Equal(0, daemon.Terminate());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string Workers(string file)
    {
        using var status = JsonDocument.Parse(
            Shell.Run(Repository.Executable("Sidestep.Cli", "sidestep"), "status", "--config", file, "--json"));
        return status.RootElement.GetProperty("workers").GetRawText();
    }

    /// <summary>Number of frames that the device delivered to sockets, or the kernel to packet sockets: both come
    /// before the counter.</summary>
    private static long TakenByDriver(Cables cables, Driver driver) =>
        driver == Driver.AfXdp ? cables.XdpRedirects("eth0", 0) : CountedPackets(cables.Director);

    private static string CounterRules(string name) => string.Create(CultureInfo.InvariantCulture,
        $"add table netdev t; add counter netdev t {name}; add chain netdev t c {{ type filter hook ingress device eth0"
        + $" priority 0; }}; add rule netdev t c ip daddr {Segment.Vip} counter name {name}");

    private static long CountedPackets(Sidestep.Testing.NetworkNamespace netns)
    {
        using var document = JsonDocument.Parse(netns.Run("nft", "-j", "list counter netdev t came"));
        return document.RootElement.GetProperty("nftables").EnumerateArray()
            .Where(static e => e.TryGetProperty("counter", out _))
            .Select(static e => e.GetProperty("counter").GetProperty("packets").GetInt64()).Single();
    }
}
