using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace Sidestep.SystemTests.Agent.Running;

/// <summary>The agent as a service of systemd: what the service manager hears (sd_notify(3)).</summary>
public sealed class ServiceManagerTests : IDisposable
{
    private static readonly TimeSpan Timeout = Sidestep.Lab.ScaledTimeout.Seconds(60);
    private readonly RealServer _setup = new();
    private readonly Socket _manager = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);

    public ServiceManagerTests()
    {
        _manager.Bind(new UnixDomainSocketEndPoint(PathOf("notify")));
        _manager.ReceiveTimeout = (int)Timeout.TotalMilliseconds;
    }

    [Fact]
    public void The_service_is_ready_with_its_VIPs_and_reports_life_reloads_and_its_end()
    {
        File.WriteAllText(PathOf("wanted.json"), $$"""
            { "revision": 7, "services": [ { "name": "www", "vips": ["{{RealServer.Vip}}"] } ] }
            """);
        using var agent = Start($"--spec {PathOf("wanted.json")}");
        WaitFor("READY=1");
        Assert.Contains(RealServer.Vip, _setup.Server.Ip("address show dev lo"), StringComparison.Ordinal);
        WaitFor("WATCHDOG=1");
        agent.Signal("HUP");
        WaitFor("RELOADING=1");
        WaitFor("READY=1\nSTATUS=spec revision 7: ready as a real server");
        agent.Until($"info: SIGHUP: {PathOf("wanted.json")} is read again");
        Assert.Equal(0, agent.Terminate());
        WaitFor("STOPPING=1");
        Assert.Contains("info: SIGTERM: stopping; the host keeps its configuration", agent.Errors,
            StringComparison.Ordinal);
        Assert.Equal("", agent.Output);
    }

    /// <summary>The unit precedes nginx: a director that is down must not keep the site down.</summary>
    [Fact]
    public void A_director_that_does_not_respond_does_not_delay_the_readiness()
    {
        using var ca = new CertificateAuthority("agents");
        var (certificate, key) = ca.Issue("server1");
        File.WriteAllText(PathOf("server1.pem"), certificate);
        File.WriteAllText(PathOf("server1.key"), key);
        File.WriteAllText(PathOf("authority.pem"), ca.Pem);
        using var agent = Start($"--director https://{RealServer.Director}:7443 --cert-file {PathOf("server1.pem")} "
            + $"--key-file {PathOf("server1.key")} --ca-file {PathOf("authority.pem")}");
        WaitFor("READY=1\nSTATUS=no spec yet");
        agent.Until("The agent continues with its last spec.");
        agent.Signal("HUP");
        WaitFor("RELOADING=1");
        WaitFor("READY=1\nSTATUS=no spec yet");
        agent.Until("info: SIGHUP: certificates reloaded");
        Assert.Equal(0, agent.Terminate());
    }

    public void Dispose()
    {
        _manager.Dispose();
        _setup.Dispose();
    }

    private ChildProcess Start(string options) => new("the agent",
        _setup.Command($"run {options} --interface eth0"), ("NOTIFY_SOCKET", PathOf("notify")),
        ("WATCHDOG_USEC", "3000000"));

    private void WaitFor(string state)
    {
        // The watchdog's datagrams arrive all the time: the timeout of a receive is none of the wait.
        var clock = Stopwatch.StartNew();
        var buffer = new byte[4096];
        var received = new List<string>();
        do
        {
            Assert.True(clock.Elapsed < Timeout, $"no '{state}' among {string.Join(" | ", received)}");
            received.Add(Encoding.UTF8.GetString(buffer, 0, _manager.Receive(buffer)));
        }
        while (!received[^1].StartsWith(state, StringComparison.Ordinal));
    }

    private string PathOf(string file) => Path.Combine(_setup.StateDirectory, file);
}
