namespace Sidestep.SystemTests.Agent.Input;

/// <summary>Invalid input: the agent reports all errors together and changes nothing.</summary>
public sealed class InputValidationTests(
    InputValidationTests.UnchangedServer server) : IClassFixture<InputValidationTests.UnchangedServer>
{
    /// <summary>One server for the tests that change nothing.</summary>
    public sealed class UnchangedServer : IDisposable
    {
        internal RealServer Setup { get; } = new();

        public void Dispose() => Setup.Dispose();
    }

    [Fact]
    public void All_errors_are_reported_together_and_nothing_changes()
    {
        var setup = server.Setup;
        var before = setup.DumpState();
        var result =
            setup.TryAgent(
            $"apply --vip 127.0.0.9 --vip 224.0.0.1 --vip 240.0.0.1 --vip 0.1.2.3 --vip ff02::1 --vip 10.1 --vip "
            + $"nonsense "
            + $"--vip {RealServer.Address} --vip {RealServer.Vip} --vip {RealServer.Vip} --interface eth9 --interface "
                + $"eth0:1 --interface lo "
            + $"--decapsulate ipip --director {RealServer.Address} --director 10.0.1.999 --director {RealServer.Vip}");
        Assert.Equal(2, result.ExitCode);
        Assert.Equal(before, setup.DumpState());
        var errors = result.Error.Split('\n').Where(static l => l.StartsWith("error: ", StringComparison.Ordinal))
            .Select(static l => l["error: ".Length..]).ToList();
        string[] expected =
        [
            "--vip 127.0.0.9: is a loopback address", "--vip 224.0.0.1: is a multicast address",
                "--vip 240.0.0.1: is in 240.0.0.0/4",
            "--vip 0.1.2.3: is in 0.0.0.0/8", "--vip ff02::1: is a multicast address",
                "--vip 10.1: is not in dotted decimal form",
            "--vip nonsense: is neither an IP address nor a prefix", $"--vip {RealServer.Vip}: is given twice",
                "--director 10.0.1.999: is not an IP address",
            "--interface eth9: does not exist", "--interface eth0:1: does not exist",
                "--interface lo: is the loopback", $"--vip {RealServer.Address}: is an address of eth0",
            $"--director {RealServer.Address}: is one of the VIPs", $"--director {RealServer.Vip}: is one of the VIPs",
        ];
        Assert.Equal(expected.Length, errors.Count);
        foreach (var (start, error) in expected.Zip(errors))
            Assert.StartsWith(start, error, StringComparison.Ordinal);
        Assert.Equal(errors.Count,
            result.Error.Split('\n').Count(static l => l.StartsWith("       ", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("apply", "--vip: is missing")]
    [InlineData("apply --vip 203.0.113.10 --decapsulate ipip",
        "--decapsulate ipip: needs the addresses of the directors")]
    [InlineData("apply --vip 203.0.113.10 --decapsulate vxlan --director 10.0.1.2",
        "--decapsulate vxlan: is not an encapsulation")]
    [InlineData("apply --vip 203.0.113.0/33", "--vip 203.0.113.0/33: is not a prefix")]
    [InlineData("apply --vip 203.0.113.10 --mtu 1500", "--mtu: has no meaning without --decapsulate")]
    [InlineData("apply --vip 203.0.113.10 --director 10.0.1.2",
        "--director 10.0.1.2: has no meaning without --decapsulate")]
    [InlineData("apply --vip 203.0.113.10 --decapsulate ipip --director 10.0.1.3",
        "--director 10.0.1.3: is an address of this server")]
    [InlineData("verify", "--vip: is missing, and nothing is applied")]
    [InlineData("remove --vip x", "--vip x: is neither an IP address nor a prefix")]
    public void Each_error_is_reported_with_its_reason(string options, string error)
    {
        var result = server.Setup.TryAgent(options);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains($"error: {error}", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_VIP_on_lo_that_is_not_a_host_prefix_is_rejected()
    {
        using var setup = new RealServer();
        setup.Server.Ip($"address add {RealServer.Vip}/24 dev lo");
        var result = setup.TryAgent($"apply --vip {RealServer.Vip}");
        Assert.Equal(2, result.ExitCode);
        Assert.Contains($"ip address del {RealServer.Vip}/24 dev lo", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_foreign_filter_at_the_agents_priority_is_not_replaced()
    {
        using var setup = new RealServer();
        setup.Server.Run("tc", "qdisc", "add", "dev", "eth0", "clsact");
        setup.Server.Run("tc", "filter", "add", "dev", "eth0", "ingress", "pref", "213", "handle", "0x51de", "bpf",
            "direct-action",
            "object-file", setup.ExtractTestPrograms(), "section", "tc/drop");
        var before = setup.DumpState();
        var result =
            setup.TryAgent(
            $"apply --vip {RealServer.Vip} --interface eth0 --decapsulate ipip --director {RealServer.Director}");
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("--interface eth0: has a filter of another program at the place of the agent's: bpf",
            result.Error, StringComparison.Ordinal);
        Assert.Equal(before, setup.DumpState());
        setup.RunAgent("remove");
        Assert.Equal(before, setup.DumpState());
    }

    [Fact]
    public void Missing_capabilities_are_named()
    {
        var setup = server.Setup;
        var result =
            Shell.Try(
            setup.Server.Enter(["setpriv", "--bounding-set=-net_admin,-sys_admin", "--inh-caps=-net_admin,-sys_admin",
            .. setup.Command($"apply --vip {RealServer.Vip} --decapsulate ipip --director {RealServer.Director}")
                .Skip(2)]));
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("CAP_NET_ADMIN: is missing", result.Error, StringComparison.Ordinal);
        Assert.Contains("CAP_SYS_ADMIN: is missing", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_libbpf_is_reported_with_the_install_command()
    {
        var setup = server.Setup;
        string[] options = ["apply", "--vip", RealServer.Vip, "--decapsulate", "ipip", "--director",
            RealServer.Director];
        // Hides the library in a separate mount namespace.
        var result = Shell.Try(["unshare", "--mount", "sh", "-c",
            "mount --bind /dev/null $(readlink -f $(ldconfig -p | sed -n 's/.*libbpf.so.1 .*=> //p')) && exec \"$@\"",
                "sh",
            .. setup.Command(string.Join(' ', options))]);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("libbpf.so.1: is not installed", result.Error, StringComparison.Ordinal);
        Assert.Contains("apt-get install libbpf1", result.Error, StringComparison.Ordinal);
        Assert.Single(result.Error.Split('\n'), static l => l.StartsWith("error: ", StringComparison.Ordinal));
    }
}
