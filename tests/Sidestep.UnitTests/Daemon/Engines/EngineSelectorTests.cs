using Sidestep.Daemon.Engines;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Drivers;
using Sidestep.Model;

namespace Sidestep.UnitTests.Daemon.Engines;

public sealed class EngineSelectorTests
{
    private static readonly InterfaceCapabilities Capable = new() { Name = "eth0" };
    private readonly List<string> _calls = [];
    private InterfaceCapabilities _capabilities = Capable;

    [Theory]
    [InlineData(EngineKind.Auto, Driver.Auto, EngineKind.Auto)]
    [InlineData(EngineKind.Xdp, Driver.Auto, EngineKind.Xdp)]
    [InlineData(EngineKind.Managed, Driver.Auto, EngineKind.Managed)]
    [InlineData(EngineKind.Auto, Driver.Native, EngineKind.Xdp)]
    [InlineData(EngineKind.Auto, Driver.Generic, EngineKind.Xdp)]
    [InlineData(EngineKind.Auto, Driver.AfXdp, EngineKind.Managed)]
    [InlineData(EngineKind.Auto, Driver.AfPacket, EngineKind.Managed)]
    public void Engine_is_requested_by_name_or_by_a_driver(EngineKind engine, Driver driver, EngineKind expected) =>
        Assert.Equal(expected, EngineSelector.RequestedBy(Settings(engine, Driver.Auto, driver)));

    [Fact]
    public void Requested_managed_engine_is_selected_without_a_check()
    {
        var (engine, notes) = Select(EngineKind.Managed);
        Assert.Equal(EngineKind.Managed, engine);
        Assert.Empty(notes);
        Assert.Empty(_calls);
    }

    [Fact]
    public void Requested_XDP_engine_is_selected_after_a_check_of_the_machine()
    {
        _capabilities = Capable with { IsEthernet = false };
        Assert.Equal(EngineKind.Xdp, Select(EngineKind.Xdp).Engine);
        Assert.Equal(["check"], _calls);
    }

    [Fact]
    public void XDP_is_the_automatic_choice_where_it_works()
    {
        var (engine, notes) = Select(EngineKind.Auto);
        Assert.Equal(EngineKind.Xdp, engine);
        Assert.Empty(notes);
        Assert.Equal(["read eth0", "read eth1", "check"], _calls);
    }

    [Fact]
    public void Managed_engine_is_the_automatic_choice_where_XDP_does_not_work_and_a_note_says_why()
    {
        _capabilities = NotForXdp();
        var reason = DriverSelection.Of(_capabilities).RejectionReason(EngineKind.Xdp);
        var (engine, notes) = Select(EngineKind.Auto);
        Assert.Equal(EngineKind.Managed, engine);
        Assert.Equal(
            [$"engine managed, which forwards only while the daemon runs: XDP does not work on eth0: {reason}"], notes);
        Assert.Equal(["read eth0"], _calls);
    }

    [Fact]
    public void Interface_that_does_not_exist_yet_does_not_decide()
    {
        _capabilities = NotForXdp() with { OtherInterfaces = ["lo"] };
        Assert.Equal(EngineKind.Xdp, Select(EngineKind.Auto).Engine);
    }

    [Fact]
    public void Machine_that_cannot_run_XDP_is_an_error() => Assert.Throws<EngineException>(() =>
        EngineSelector.Select(Settings(EngineKind.Auto), _ => _capabilities, static () =>
        throw new EngineException("no BPF")));

    [Theory]
    [InlineData(EngineKind.Xdp, EngineKind.Auto, null)]
    [InlineData(EngineKind.Xdp, EngineKind.Xdp, null)]
    [InlineData(EngineKind.Managed, EngineKind.Managed, null)]
    [InlineData(EngineKind.Xdp, EngineKind.Managed,
        "the configuration requests the managed engine, but the xdp engine is running: "
        + "the engine can only change at the start. Restart the daemon")]
    public void Engine_cannot_change_while_the_daemon_runs(EngineKind running, EngineKind requested, string? reason)
    {
        var configuration =
            TestDirector.Configuration with
            {
                Node =
            TestDirector.Configuration.Node with { Engine = requested }
            };
        Assert.Equal(reason, EngineSelector.RejectionReason(new FakeDirectorEngine(running), configuration));
    }

    [Theory]
    [InlineData("servers", true)] // the default monitor probes the DSR path
    [InlineData("monitors: [], allowUnverifiedDsrPath: true, servers", false)]
    [InlineData("monitors: [ direct ], allowUnverifiedDsrPath: true, servers", false)]
    [InlineData("monitors: [ path ], servers", true)]
    [InlineData("monitors: [ both ], servers", true)]
    public void Engine_without_probes_rejects_pools_that_need_them(string keys, bool isRejected)
    {
        var lines = $"    {string.Join("\n    ", keys.Split(", "))}:";
        var yaml = TestDirector.Yaml.Replace("    servers:", lines, StringComparison.Ordinal) + """

            healthMonitors:
              - { name: direct, type: tcp, probe: server, port: 80 }
              - { name: path, type: tcp, probe: dsr-path, port: 80 }
              - { name: both, type: tcp, probe: both, port: 80 }
            """;
        var reason = EngineSelector.RejectionReason(new FakeDirectorEngine(EngineKind.Managed, "no CAP_BPF"),
            TestDirector.Read(yaml));
        Assert.Equal(isRejected, reason is not null);
        if (reason is not null)
        {
            Assert.StartsWith(
                "the managed engine sends probes through the encapsulation by a BPF program, which cannot be loaded "
                    + "here (no CAP_BPF): "
                + "give the pool 'web' allowUnverifiedDsrPath: true", reason, StringComparison.Ordinal);
        }
    }

    private (EngineKind Engine, string[] Notes) Select(EngineKind engine) =>
        EngineSelector.Select(Settings(engine), name =>
    {
        _calls.Add($"read {name}");
        return _capabilities with { Name = name };
    }, () => _calls.Add("check"));

    private static InterfaceCapabilities NotForXdp() => Capable with { HasLibbpf = false };

    private static NodeSettings Settings(EngineKind engine, params Driver[] drivers) =>
        TestDirector.Configuration.Node with
        {
            Engine = engine,
            Interfaces = [.. (drivers.Length == 0 ? [Driver.Auto, Driver.Auto] : drivers)
            .Select(static (d, i) => new DirectorInterface($"eth{i}", d))],
        };
}
