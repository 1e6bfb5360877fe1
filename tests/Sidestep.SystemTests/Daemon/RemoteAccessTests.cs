using System.Text.Json;

namespace Sidestep.SystemTests.Daemon;

/// <summary>Operators on another machine: the command line over TLS, with users, tokens and certificates.</summary>
public sealed class RemoteAccessTests : IDisposable
{
    private const string Url = $"https://{Segment.DirectorAddress}:7444", Password = "correct horse battery";
    private readonly Segment _segment = new();
    private readonly CertificateAuthority _authority = new("operators");
    private readonly DaemonProcess _daemon;

    public RemoteAccessTests()
    {
        var (certificate, key) = _authority.Issue("director", Segment.DirectorAddress);
        Write("ca.pem", _authority.Pem);
        Write("cert.pem", certificate);
        Write("key.pem", key);
        string folder = _segment.Lan.Folder;
        _segment.File = _segment.File with
        {
            NodeLines = [$$"""management: { listen: [ "{{Segment.DirectorAddress}}:7444" ], tls: { certFile: """
                + $$"""{{folder}}/cert.pem, keyFile: {{folder}}/key.pem, caFile: {{folder}}/ca.pem } }""",
                $$"""api: { listen: [ "{{Segment.DirectorAddress}}:7443" ] }"""],
        };
        _daemon = _segment.StartWithStore();
        _daemon.Until("API for operators listening");
    }

    /// <summary>What docs/access.md tells an operator to do.</summary>
    [Fact]
    public void Operator_works_from_another_machine()
    {
        using var traffic = _segment.Send();
        traffic.WaitUntilAllAnswered();
        Assert.Equal("user alice: administrator\n",
            Local(Password, "user", "set", "alice", "--role", "administrator", "--password").Output);
        Assert.StartsWith($"Logged in to {Url}/ as user alice, administrator, until ",
            Laptop(0, Password, "login", Url, "--user", "alice", "--ca-file", Path("ca.pem")),
            StringComparison.Ordinal);

        string configuration = Laptop(0, "", "get", "configuration");
        string file = Path("new.yaml");
        File.WriteAllText(file, configuration.Replace(Segment.AddressOf(2), Segment.AddressOf(2)
            + "\n        weight: 2", StringComparison.Ordinal));
        Assert.Matches(@"server2\s+pool/l2\s+10\.9\.0\.12\s+changed\s+weight 1\s+weight 2",
            Laptop(0, "", "plan", file));
        Assert.StartsWith("revision 2: ", Laptop(0, "", "apply", "-f", file, "--reason", "from the laptop"),
            StringComparison.Ordinal);
        Assert.Contains("user alice: from the laptop", Laptop(0, "", "history"), StringComparison.Ordinal);
        Assert.Contains("echo", Laptop(0, "", "status"), StringComparison.Ordinal);
        Assert.Matches(@"\n  Transmit +out by eth0\n", Laptop(0, "", "trace", "udp", $"{Segment.ClientAddress}:4000",
            $"{Segment.Vip}:7"));
        using var flows = JsonDocument.Parse(Laptop(0, "", "flows", "--json"));
        Assert.Equal("daemon", flows.RootElement.GetProperty("source").GetString());
        Assert.Equal(2, Laptop(0, "", "capture", "--count", "2", "--json").Split('\n',
            StringSplitOptions.RemoveEmptyEntries).Length / 2);
        Assert.Contains("audit entry", Laptop(0, "", "events"), StringComparison.Ordinal);

        Assert.StartsWith("echo sidestep_", Laptop(0, "", "agent", "invite", "server1"), StringComparison.Ordinal);
        Assert.Equal("pool/server2: draining\n", Laptop(0, "", "drain", "server2", "--reason", "from the laptop"));
        Assert.Contains("from the laptop", Laptop(0, "", "status"), StringComparison.Ordinal);
        Assert.Equal("pool/server2: as configured\n", Laptop(0, "", "undrain", "server2"));

        string token = Laptop(0, "", "token", "create", "prometheus", "--role", "viewer").Trim();
        Write("token", token);
        Assert.Contains("sidestep_service_packets_total{", Curl(token, "/metrics"), StringComparison.Ordinal);
        Assert.Contains("\"not logged in\"", Curl("wrong", "/metrics"), StringComparison.Ordinal);

        Assert.Equal("The context default is removed.\n", Laptop(0, "", "logout"));
        Assert.DoesNotContain("sidestep_", File.ReadAllText(_segment.AuditPath), StringComparison.Ordinal);
        Write("journal", _daemon.CombinedOutput);
        Assert.Matches(@"^\d+ entries are intact; \d+ heads of the journal agree\.", Laptop(0, "", "audit", "verify",
            _segment.AuditPath, "--journal", Path("journal")));
        File.WriteAllLines(Path("cut"), File.ReadAllLines(_segment.AuditPath)[..^1]);
        Laptop(1, "", "audit", "verify", Path("cut"), "--journal", Path("journal"));
    }

    [Fact]
    public void Certificate_of_the_authority_is_a_user_of_its_name()
    {
        var (certificate, key) = _authority.Issue("bob");
        Write("bob.pem", certificate);
        Write("bob.key", key);
        string[] login = ["login", Url, "--cert-file", Path("bob.pem"), "--key-file", Path("bob.key"), "--ca-file",
            Path("ca.pem")];
        Assert.Contains("no valid credentials", LaptopResult("", login).Error, StringComparison.Ordinal);
        Local("", "user", "set", "bob", "--role", "viewer");
        Assert.Equal($"Logged in to {Url}/ as user bob, viewer. Commands use the context default from now on.\n",
            Laptop(0, "", login));
        Assert.Contains("user bob is a viewer: this request needs the role administrator",
            LaptopResult("", "delete", "pools", "pool").Error, StringComparison.Ordinal);
        Assert.Equal("pool\n", Laptop(0, "", "get", "pools", "-o", "name"));
    }

    [Fact]
    public void Director_with_a_certificate_of_another_authority_gets_no_password()
    {
        using var other = new CertificateAuthority("other");
        Write("other.pem", other.Pem);
        var result = LaptopResult(Password, "login", Url, "--user", "alice", "--ca-file", Path("other.pem"));
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("cannot be reached", result.Error, StringComparison.Ordinal);
        Assert.Contains("certificate", result.Error, StringComparison.OrdinalIgnoreCase);
        Assert.False(File.Exists(_segment.AuditPath), "the director got a request");
    }

    public void Dispose()
    {
        _segment.Dispose();
        _authority.Dispose();
    }

    private string Curl(string token, string path) => _segment.Client.Run("curl", "--silent", "--cacert",
        Path("ca.pem"), "-H", "Authorization: Bearer " + token, Url + path);

    private Shell.Result Local(string input, params string[] arguments) => Shell.TryWithInput(input,
        [Repository.Executable("Sidestep.Cli", "sidestep"), .. arguments, "--name", _segment.File.Name, "--pin-path",
        _segment.File.PinPath]);

    private string Laptop(int exitCode, string input, params string[] arguments)
    {
        var result = LaptopResult(input, arguments);
        Assert.True(result.ExitCode == exitCode,
            $"{string.Join(' ', arguments)}: {result.ExitCode}\n{result.Output}{result.Error}");
        return result.Output;
    }

    private Shell.Result LaptopResult(string input, params string[] arguments) => Shell.TryWithInput(input,
        _segment.Client.Enter(["env", $"XDG_CONFIG_HOME={Path("laptop")}",
            Repository.Executable("Sidestep.Cli", "sidestep"), .. arguments]));

    private string Path(string name) => System.IO.Path.Combine(_segment.Lan.Folder, name);

    private void Write(string name, string text) => File.WriteAllText(Path(name), text);
}
