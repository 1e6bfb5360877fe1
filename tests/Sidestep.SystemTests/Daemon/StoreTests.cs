using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Sidestep.SystemTests.Daemon;

/// <summary><c>sidestepd --store</c>: the configuration is changed by commands and requests, and every accepted
/// revision outlives the daemon.</summary>
public sealed class StoreTests : IDisposable
{
    private readonly Segment _segment;

    public StoreTests()
    {
        _segment = new Segment();
        // A server that comes back gets flows at once.
        _segment.File = _segment.File with { ProfileLines = "dsrType: l2, udpOnRebalance: move" };
    }

    /// <summary>What an operator does on the first day, with the output of each command.</summary>
    [Fact]
    public void Operator_changes_the_configuration_by_commands()
    {
        var daemon = _segment.StartWithStore();
        using var traffic = _segment.Send();
        traffic.WaitUntilAllAnswered();

        Assert.Equal("server1\nserver2\n", Sidestep(0, "get", "servers", "--pool", "pool", "-o", "name"));
        Assert.Matches(@"^  director +engine .*\n.*\n  test +xdp +yes +0 ", Sidestep(0, "get", "directors"));
        Assert.Equal("server1\nserver2\n", Sidestep(0, "get", "agents", "-o", "name"));
        Assert.Contains("isForwarding: true", Sidestep(0, "get", "directors", "-o", "yaml"), StringComparison.Ordinal);
        string first = Sidestep(0, "get", "configuration");
        string edited = Path.Combine(_segment.Lan.Folder, "edited.yaml");
        File.WriteAllText(edited, first.Replace(Segment.AddressOf(2),
            Segment.AddressOf(2) + "\n        state: disabled", StringComparison.Ordinal));

        Assert.Equal("  + pools[pool].servers[server2].state: \"disabled\"\n", Sidestep(1, "diff", "-f", edited));
        Assert.StartsWith("not applied (dry run): 1 value would change\n",
            Sidestep(0, "apply", "-f", edited, "--dry-run"), StringComparison.Ordinal);
        Assert.StartsWith("revision 2: 1 value changed\n",
            Sidestep(0, "apply", "-f", edited, "--reason", "server2 is broken"), StringComparison.Ordinal);
        // The packet decides: every client is served by server 1 now.
        Assert.True(AllServedBy(1), daemon.CombinedOutput);
        Assert.Matches(@"(?s)^real server 'server2' of pool 'pool'\n\n  name: server2\n.*  state: disabled\n\n.*"
            + @"server2 +pool/l2 +10\.9\.0\.12 +disabled.*\nchanged last by revision 2 of root \(uid 0.*\), .*: "
            + "server2 is broken\n$", Sidestep(0, "describe", "servers", "server2", "--pool", "pool"));
        Assert.StartsWith("nothing changes: revision 2 has this configuration\n", Sidestep(0, "apply", "-f", edited),
            StringComparison.Ordinal);

        File.WriteAllText(edited, first.Replace("vip:", "vpi:", StringComparison.Ordinal));
        var rejected = Run("apply", "-f", edited);
        Assert.Equal(1, rejected.ExitCode);
        Assert.Matches($"^{edited}:\\d+:\\d+: error: virtualServices\\[0\\].vpi: {Segment.Vip}: a virtual service has "
            + "no such key. Did you mean vip\\?\n$", rejected.Error);
        Assert.Equal("error: pool 'pool' is used by virtual service 'echo': change that first\n"
            + "  virtual service 'echo'\n", Run("delete", "pools", "pool").Error);

        string history = Sidestep(0, "history");
        Assert.Matches(@"^1 \S+ accepted --initial-config \S+\n2 \S+ accepted root \(uid 0.*\): server2 is broken\n$",
            history);
        Assert.Equal("  + pools[pool].servers[server2].state: \"disabled\"\n", Sidestep(0, "history", "2"));

        daemon.Kill();
        _segment.StartWithStore();
        Assert.Equal(history, Sidestep(0, "history"));
        Assert.StartsWith("revision 3: 1 value changed\n", Sidestep(0, "rollback", "1"), StringComparison.Ordinal);
        Assert.Equal(first, Sidestep(0, "get", "configuration"));
        Assert.False(AllServedBy(1), "server 2 gets no flows");
    }

    /// <summary>A revision that the daemon has accepted is there after SIGKILL at any moment.</summary>
    [Theory]
    [InlineData(5)]
    [LongInlineData(200)]
    public async Task Kill_at_a_random_moment_loses_no_accepted_revision(int kills)
    {
        var random = new Random(kills);
        long accepted = 0, sent = 0;
        for (int kill = 0; kill < kills; kill++)
        {
            using var daemon = _segment.StartWithStore();
            await _segment.WaitForApiAsync();
            long found = await CountAsync();
            Assert.InRange(found, accepted, sent);
            accepted = sent = found;
            var killing = Task.Delay(TimeSpan.FromMilliseconds(random.Next(1, 400)), Cancellation)
                .ContinueWith(_ => daemon.Kill(), Cancellation, TaskContinuationOptions.None, TaskScheduler.Default);
            while (true)
            {
                sent = accepted + 1;
                if (!await TryChangeAsync(sent))
                    break;
                accepted = sent;
            }
            await killing;
            Assert.DoesNotContain("damaged", daemon.CombinedOutput, StringComparison.Ordinal);
        }
        Assert.True(accepted > 0, "no change was accepted before a kill");
    }

    [Fact]
    public void Store_that_another_daemon_uses_is_not_touched()
    {
        var daemon = _segment.StartWithStore();
        string unfinished = Path.Combine(_segment.StorePath, "000000002.jsonl.gz.new");
        File.WriteAllText(unfinished, "");
        using var other = new ChildProcess("sidestepd",
            _segment.Director.Enter([DaemonProcess.Executable, "--store", _segment.StorePath]));
        Assert.Equal(1, other.WaitForExit());
        Assert.Contains($"another sidestepd uses this store (pid {daemon.Id}, lock {_segment.StorePath}/lock): stop it,"
            + " or give this one another --store", other.CombinedOutput, StringComparison.Ordinal);
        Assert.True(File.Exists(unfinished));
    }

    /// <summary>A change that an operator made must not disappear unnoticed.</summary>
    [Fact]
    public void Damaged_newest_revision_is_in_the_status_and_a_folder_of_damaged_ones_starts_no_daemon()
    {
        _segment.StartWithStore().Kill();
        File.WriteAllText(Path.Combine(_segment.StorePath, "000000002.jsonl.gz"), "no gzip");
        var daemon = _segment.StartWithStore();
        Assert.StartsWith("the newest revision of the configuration, 2, is damaged: ",
            _segment.StatusByCommand().GetProperty("daemon").GetProperty("degraded")[0].GetString(),
            StringComparison.Ordinal);
        daemon.Kill();

        File.WriteAllText(Path.Combine(_segment.StorePath, "000000001.jsonl.gz"), "no gzip");
        using var other = DaemonProcess.WithStore(_segment.Director, _segment.StorePath, _segment.FilePath);
        Assert.Equal(1, other.WaitForExit());
        Assert.Contains("none of its revisions can be read: restore the folder from a copy", other.CombinedOutput,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Empty_store_without_an_initial_configuration_says_what_to_do()
    {
        using var daemon = new ChildProcess("sidestepd",
            _segment.Director.Enter([DaemonProcess.Executable, "--store", _segment.StorePath]));
        Assert.Equal(1, daemon.WaitForExit());
        Assert.Contains($"{_segment.StorePath}: it has no revision yet: name the first configuration with "
            + "--initial-config FILE", daemon.CombinedOutput, StringComparison.Ordinal);
    }

    public void Dispose() => _segment.Dispose();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Sends a flow of every client, and looks who answers.</summary>
    private bool AllServedBy(int server)
    {
        using var traffic = _segment.Send();
        traffic.WaitForSent(2 * Segment.Sources.Count);
        return traffic.Stop().All(e => e.Server == server);
    }

    /// <summary>The number that the changes count in: the annotation of the pool.</summary>
    private async Task<long> CountAsync()
    {
        using var http = _segment.Http();
        using var pool = JsonDocument.Parse(await http.GetStringAsync(new Uri("http://director/api/v1/pools/pool"),
            Cancellation));
        return pool.RootElement.TryGetProperty("annotations", out var annotations)
            ? long.Parse(annotations.GetProperty("count").GetString()!, CultureInfo.InvariantCulture) : 0;
    }

    private async Task<bool> TryChangeAsync(long number)
    {
        using var http = _segment.Http();
        using var body = new StringContent(string.Create(CultureInfo.InvariantCulture,
            $$"""{ "annotations": { "count": "{{number}}" } }"""), Encoding.UTF8, "application/merge-patch+json");
        try
        {
            using var response = await http.PatchAsync(new Uri("http://director/api/v1/pools/pool"), body,
                Cancellation);
            return response.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return false; // The daemon is dead.
        }
    }

    private string Sidestep(int exitCode, params string[] arguments)
    {
        var result = Run(arguments);
        Assert.True(result.ExitCode == exitCode,
            $"{string.Join(' ', arguments)}: {result.ExitCode}\n{result.Output}{result.Error}");
        return result.Output;
    }

    private Shell.Result Run(params string[] arguments) => Shell.Try(
        [Repository.Executable("Sidestep.Cli", "sidestep"), .. arguments, "--name", _segment.File.Name, "--pin-path",
        _segment.File.PinPath]);
}
