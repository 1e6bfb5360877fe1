using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace Sidestep.SystemTests.Agent.Running;

/// <summary>An invited host gets a certificate from the director's own authority, and is a managed real
/// server.</summary>
public sealed class EnrolmentTests : IDisposable
{
    private const string Url = "https://" + Segment.DirectorAddress + ":7443";
    private static readonly TimeSpan Timeout = global::Sidestep.Lab.ScaledTimeout.Seconds(90);
    private readonly Segment _segment = new(servers: 0);
    private readonly NetworkNamespace _server;
    private readonly List<ChildProcess> _agents = [];

    public EnrolmentTests()
    {
        _server = _segment.Server(1);
        _segment.File = _segment.File with
        {
            Servers = [Segment.ServerEntry(1)],
            NodeLines = ["api:", $"  listen: [ \"{Segment.DirectorAddress}:7443\" ]"],
        };
        _segment.Start().Until("agent API listening on");
    }

    [Fact]
    public void Invited_host_becomes_a_real_server_and_a_revoked_one_must_be_invited_again()
    {
        string token = Invite("server1");
        Assert.Equal($"server1 has joined {Segment.DirectorAddress}:7443.\nStart the agent: sidestep-agent run. A "
            + "running "
            + "agent reads its directors again after SIGHUP.\n", Join(token).Output);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(EnrolmentPath));
        var agent = Start().Until(" applied: ", Timeout);
        Assert.Contains(Segment.Vip + "/32", _server.Ip("-o address show dev lo"), StringComparison.Ordinal);
        Eventually.True(() => _segment.Status().GetProperty("agents").EnumerateArray()
            .Any(static a => a.GetProperty("server").GetString() == "server1"), () => _segment.StatusText());

        // Once is once.
        var again = Join(token);
        Assert.Equal(1, again.ExitCode);
        Assert.Contains("the token is wrong, was used already, or has ended", again.Error, StringComparison.Ordinal);

        Director("agent", "revoke", "server1");
        agent.Until("the certificate of 'server1' is revoked", Timeout);
        Assert.Equal(0, Join(Invite("server1")).ExitCode);
        agent.Signal("HUP");
        agent.Until("SIGHUP: certificates reloaded", Timeout).Until($"{Url}/ responds", Timeout);
    }

    [Fact]
    public void Certificate_is_renewed_before_it_ends()
    {
        Assert.Equal(0, Join(Invite("server1")).ExitCode);
        string first = File.ReadAllText(EnrolmentPath);
        using (var certificate = ReadCertificate())
        {
            Assert.Equal("CN=server1", certificate.Subject);
            Assert.Equal(30, (certificate.NotAfter - certificate.NotBefore).TotalDays, 0.01);
        }
        // 21 days later. The director's clock is behind that of the server, as it may be.
        Start("env", "LD_PRELOAD=" + Directory.GetDirectories("/usr/lib", "*-linux-gnu")
            .Select(static d => Path.Combine(d, "faketime", "libfaketime.so.1")).First(File.Exists),
            "FAKETIME=+21d", "DONT_FAKE_MONOTONIC=1", "FAKETIME_DONT_FAKE_MONOTONIC=1").Until($"certificate for "
                + $"{Segment.DirectorAddress}:7443 renewed", Timeout);
        Assert.NotEqual(first, File.ReadAllText(EnrolmentPath));
        using var renewed = ReadCertificate();
        Assert.Equal("CN=server1", renewed.Subject);
    }

    [Fact]
    public void Director_that_another_host_pretends_to_be_gets_no_token()
    {
        string token = Invite("server1");
        char last = token[^1] == '0' ? '1' : '0';
        var result = Join(token[..^1] + last);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("invite the agent again", result.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(EnrolmentPath));
        // The director has not seen the token.
        Assert.Equal(0, Join(token).ExitCode);
    }

    public void Dispose()
    {
        foreach (var agent in _agents)
            agent.Dispose();
        _server.Try(Executable, "remove", "--state-dir", StateFolder);
        _segment.Dispose();
    }

    private static string Executable => Repository.Executable("Sidestep.Agent", "sidestep-agent");

    private string StateFolder => Path.Combine(_segment.Lan.Folder, "agent");

    private string EnrolmentPath => Path.Combine(StateFolder, "directors", $"{Segment.DirectorAddress}_7443.json");

    private X509Certificate2 ReadCertificate()
    {
        using var file = JsonDocument.Parse(File.ReadAllText(EnrolmentPath));
        return X509Certificate2.CreateFromPem(file.RootElement.GetProperty("certificate").GetString());
    }

    /// <summary>The token in the command that <c>sidestep agent invite</c> prints.</summary>
    private string Invite(string server)
    {
        string[] words = Director("agent", "invite", server).Trim().Split(' ');
        Assert.Equal(["echo", words[1], "|", "sudo", "sidestep-agent", "join", Url + "/"], words);
        return words[1];
    }

    private string Director(params string[] arguments) => Shell.Run([Repository.Executable("Sidestep.Cli", "sidestep"),
        .. arguments, "--name", _segment.File.Name, "--pin-path", _segment.File.PinPath]);

    private Shell.Result Join(string token) => Shell.TryWithInput(token + "\n",
        _server.Enter(Executable, "join", Url, "--state-dir", StateFolder, "--no-start"));

    private ChildProcess Start(params string[] wrapper)
    {
        var agent = new ChildProcess("the agent",
            _server.Enter([.. wrapper, Executable, "run", "--state-dir", StateFolder]));
        _agents.Add(agent);
        return agent;
    }
}
