using System.Text.Json;
using System.Text.Json.Nodes;
using Sidestep.Agent;
using Sidestep.Agent.Host;
using Sidestep.Agent.Running;
using Sidestep.Agent.State;
using Sidestep.Api;
using Sidestep.Native;
using Sidestep.UnitTests.Agent.Actions;

namespace Sidestep.UnitTests.Agent;

/// <summary>The command line in this process: what is printed, and the exit code.</summary>
public sealed class AgentCommandsTests : ActionFixture
{
    private string _output = "", _error = "";

    [Fact]
    public void Apply_verify_and_remove_exit_with_0_on_success()
    {
        Assert.Equal(0, Run($"apply --vip {TestSpec.Vip} --interface eth0 --root {Root.Path}"));
        Assert.Contains("net/ipv4/conf/all/arp_ignore: 0 -> 1\n", _output, StringComparison.Ordinal);
        Assert.EndsWith("This host is ready as a real server.\n", _output, StringComparison.Ordinal);
        Assert.Equal(0, Run($"verify --root {Root.Path}"));
        Assert.StartsWith("      condition", _output, StringComparison.Ordinal);
        Assert.Equal(0, Run("remove"));
        Assert.Contains($"{TestSpec.Vip}: removed from lo\n", _output, StringComparison.Ordinal);
        Assert.Equal("", _error);
    }

    [Fact]
    public void Every_option_of_apply_reaches_the_host()
    {
        Root.Put("etc/netplan/a.yaml");
        Assert.Equal(0,
            Run($"apply --vip {TestSpec.Vip} --vip {TestSpec.Vip6} --interface eth0 --interface eth1 --decapsulate "
            + $"ipip --decapsulate gue:6090 "
            + $"--director {TestSpec.Director} --outer-source 198.18.0.0/15 --mtu 1400 --persist --root {Root.Path}"));
        using var maps = Kernel.Loaded[1].OpenMaps()!;
        Assert.Equal(["10.0.1.2", "198.18.0.0/15"], maps.Sources());
        Assert.Equal("ipip gue:6090", maps.SettingsText);
        // 1400 less GUE over IPv4 (32), IP (20 or 40) and TCP (20).
        Assert.Equal([1308, 1328], maps.Vips().Select(static v => v.Mss).Order());
        Assert.Contains("attach 3 Ingress", Kernel.Changes);
        Assert.Contains("etc/sysctl.d/60-sidestep.conf", Root.Files);
        Assert.Single(State.Files, static f => f.EndsWith(".json", StringComparison.Ordinal)
            && f.StartsWith("netns-", StringComparison.Ordinal));
    }

    [Fact]
    public void A_condition_that_fails_exits_with_1()
    {
        Run($"apply --vip {TestSpec.Vip} --interface eth0");
        Kernel.Addresses.RemoveAll(static a => a.PrefixLength == 32);
        Assert.Equal(1, Run("verify"));
        Assert.Contains($"WRONG  vip ({TestSpec.Vip})", _output, StringComparison.Ordinal);
        Assert.Equal(1, Run("verify --json"));
        Assert.False(JsonNode.Parse(_output)!["ok"]!.GetValue<bool>());
        Kernel.LoopbackHasIPv6 = false;
        Assert.Equal(1, Run($"apply --vip {TestSpec.Vip6} --interface eth0"));
    }

    [Fact]
    public void JSON_is_ok_for_a_correct_host()
    {
        Run($"apply --vip {TestSpec.Vip} --interface eth0");
        Assert.Equal(0, Run("verify --json"));
        Assert.True(JsonNode.Parse(_output)!["ok"]!.GetValue<bool>());
    }

    [Fact]
    public void Invalid_requests_exit_with_2_and_print_every_problem()
    {
        Assert.Equal(2, Run("apply --vip x --interface eth9"));
        Assert.Equal(4, _error.TrimEnd('\n').Split('\n').Length);
        Assert.StartsWith("error: --vip x: is neither an IP address nor a prefix\n       Write it", _error,
            StringComparison.Ordinal);
        Assert.Equal("", _output);
        Assert.Equal(2, Run("verify"));
        Assert.Equal("", _output);
        Assert.Equal(2, Run("verify --json"));
        Assert.Equal("--vip", JsonNode.Parse(_output)!["errors"]![0]!["option"]!.GetValue<string>());
        Assert.Contains("nothing is applied in this network namespace", _error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("unknown")]
    [InlineData("apply --unknown")]
    [InlineData("apply --mtu x")]
    [InlineData("verify --persist")]
    [InlineData("render")]
    public void Syntax_errors_exit_with_2(string arguments) => Assert.Equal(2, Run(arguments, withState: false));

    [Fact]
    public void Failures_exit_with_1_and_print_the_remedy()
    {
        Kernel.Rejects = static c => c.StartsWith("net/", StringComparison.Ordinal)
            ? new AgentException("cannot set it", "Do this.") : null;
        Assert.Equal(1, Run($"apply --vip {TestSpec.Vip} --interface eth0"));
        Assert.Equal("error: cannot set it\n       Do this.\n", _error);
        foreach (var exception in new Exception[] { new NativeException("netlink", 1), new IOException("io"),
            new UnauthorizedAccessException("denied"), new DllNotFoundException("libbpf") })
        {
            Kernel.Rejects = c => c == "read" ? exception : null;
            Assert.Equal(1, Run("verify --json"));
            Assert.Equal(
                $"error: {exception.Message}\n       Changes up to this point are recorded: 'sidestep-agent remove' "
                + $"reverts them, 'sidestep-agent apply' tries again.\n", _error);
            Assert.Equal(exception.Message, JsonNode.Parse(_output)!["errors"]![0]!["reason"]!.GetValue<string>());
        }
    }

    [Fact]
    public void Remove_takes_VIPs()
    {
        Run($"apply --vip {TestSpec.Vip} --vip {TestSpec.OtherVip} --interface eth0");
        Assert.Equal(0, Run($"remove --vip {TestSpec.OtherVip}"));
        Assert.Equal([TestSpec.Vip], LoadState().Addresses.Select(static a => a.Vip));
    }

    [Fact]
    public void Status_without_an_agent_fails_with_a_remedy()
    {
        Assert.Equal(1, Run("status"));
        Assert.StartsWith("error: no agent is running in this network namespace\n       Start it: ", _error,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Status_prints_the_last_report()
    {
        var response = "{}";
        using var socket = new OperatorSocket(StateStore.SocketPath(State.Path), _ => response, Log.Add);
        Assert.Equal(1, Run("status"));
        Assert.Equal("The agent is running and has no spec yet.\n", _output);
        foreach (var status in new[] { ConditionStatus.Ok, ConditionStatus.Wrong })
        {
            response = JsonSerializer.Serialize(new AgentReport
            {
                AgentVersion = "1",
                OperatingSystem = "linux",
                WallClock = DateTimeOffset.UnixEpoch,
                SpecRevision = 7,
                Conditions = [new Condition("vip", "x", status, "a", "b", "")],
            }, ApiJson.Default.AgentReport);
            Assert.Equal(status == ConditionStatus.Ok ? 0 : 1, Run("status"));
            Assert.StartsWith("spec revision 7; admin state enabled; reported 1970-01-01 00:00:00Z\n", _output,
                StringComparison.Ordinal);
            Assert.Equal(0, Run("status --json"));
            Assert.Equal(response + "\n", _output);
        }
    }

    [Fact]
    public void Drain_and_undrain_are_stored_without_an_agent()
    {
        Assert.Equal(0, Run("drain"));
        Assert.Equal("draining; no agent is running, so the directors are notified when one starts\n", _output);
        Assert.Equal("draining", StoredAdminState.Read(State.Path));
        Assert.Equal(0, Run("undrain"));
        Assert.Equal("enabled", StoredAdminState.Read(State.Path));
    }

    [Fact]
    public void Drain_and_undrain_are_sent_to_a_running_agent()
    {
        var commands = new List<string>();
        using var socket = new OperatorSocket(StateStore.SocketPath(State.Path), c =>
        {
            commands.Add(c);
            return "ok";
        }, Log.Add);
        Assert.Equal((0, 0), (Run("drain"), Run("undrain")));
        Assert.Equal(["drain", "undrain"], commands);
        Assert.Equal("enabled; the agent notifies its directors\n", _output);
        Assert.Equal("enabled", StoredAdminState.Read(State.Path));
    }

    [Fact]
    public void Render_prints_files_and_changes_nothing()
    {
        Assert.Equal(0, Run($"render linux --for netplan --vip {TestSpec.Vip} --interface eth0 --root {Root.Path}"));
        Assert.Contains("### /etc/netplan/60-sidestep.yaml (mode 0600)\n", _output, StringComparison.Ordinal);
        Assert.Equal(0, Run($"render windows --vip {TestSpec.Vip} --adapter Lan", withState: false));
        Assert.Contains("[string] $Adapter = 'Lan'\n", _output, StringComparison.Ordinal);
        Assert.Equal(2, Run($"render linux --for x --vip {TestSpec.Vip}"));
        Assert.Empty(Kernel.Changes);
        Assert.Empty(Root.Files);
        Assert.Empty(State.Files);
    }

    [Fact]
    public void Run_passes_its_options_on()
    {
        Assert.Equal(2, Run("run --report-only"));
        Assert.StartsWith("error: --spec: is missing, and so is --director, and this host has joined no director\n",
            _error, StringComparison.Ordinal);
        Assert.Equal(2,
            Run("run --director https://10.0.1.2:7443 --cert-file /none/c --key-file /none/k --ca-file /none/a"));
        Assert.StartsWith("error: --cert-file /none/c and /none/k: ", _error, StringComparison.Ordinal);
        Assert.Contains("error: --ca-file /none/a: ", _error, StringComparison.Ordinal);
        Platform.Privileges = new HostPrivileges(false, true, true);
        Assert.Equal(2, Run("run --spec /none"));
        Assert.StartsWith("error: CAP_NET_ADMIN: is missing", _error, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_become_a_request_with_the_defaults_of_those_that_are_missing()
    {
        var run = new System.CommandLine.RootCommand();
        foreach (var option in new System.CommandLine.Option[] { AgentOptions.ReportOnly, AgentOptions.StateDirectory,
            AgentOptions.Root, AgentOptions.Persist, AgentOptions.Mtu, AgentOptions.Spec })
            run.Options.Add(option);
        var request =
            AgentOptions.RequestOf(run.Parse("--report-only --state-dir /s --root /r --persist --mtu 1400 --spec f"));
        Assert.Equal((false, "/s", "/r", true, 1400, "f"),
            (request.Reconciles, request.StateDirectory, request.Files.Root, request.Persist, request.Mtu,
            request.SpecFile));
        request = AgentOptions.RequestOf(run.Parse(""));
        Assert.Equal((true, "/var/lib/sidestep-agent", "/", false, null, null),
            (request.Reconciles, request.StateDirectory, request.Files.Root, request.Persist, request.Mtu,
                request.SpecFile));
        Assert.True(request.IsEmpty);
    }

    [Theory]
    [InlineData("--help", "Configures a host as a real server behind a Sidestep director", "apply", "verify",
        "remove", "run", "status", "drain", "undrain", "render")]
    [InlineData("run --help", "until SIGTERM", "--spec", "--director", "--cert-file", "--key-file", "--ca-file",
        "--interface", "--report-only", "--persist", "--state-dir", "--root")]
    [InlineData("apply --help", "Configure this host once", "--vip", "--interface", "--decapsulate", "--director",
        "--outer-source", "--mtu", "--spec", "--persist", "--root")]
    public void Help_names_every_command_and_option(string arguments, params string[] parts)
    {
        Assert.Equal(0, Run(arguments, withState: false));
        foreach (var part in parts)
            Assert.Contains(part, _output.Replace("\n", " ", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    private int Run(string arguments, bool withState = true)
    {
        using StringWriter output = new() { NewLine = "\n" }, error = new() { NewLine = "\n" };
        string[] args = [.. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            .. withState ? ["--state-dir", State.Path] : Array.Empty<string>()];
        var code = AgentCommands.Run(args, Platform, output, error);
        (_output, _error) = ($"{output}", $"{error}");
        return code;
    }
}
