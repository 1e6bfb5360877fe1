namespace Sidestep.SystemTests.Daemon;

/// <summary>Overrides of real servers, with a configuration file: the packets decide.</summary>
public sealed class OverrideTests : IDisposable
{
    private readonly Segment _segment = new();

    public OverrideTests()
    {
        // A server that comes back gets flows at once.
        _segment.File = _segment.File with { ProfileLines = "dsrType: l2, udpOnRebalance: move" };
    }

    [Fact]
    public void Server_in_maintenance_gets_no_packet_until_it_is_ended_also_after_a_kill()
    {
        var daemon = _segment.Start();
        Assert.False(AllServedBy(1));
        Assert.Equal("pool/server2: maintenance\n", Sidestep("maintenance", "server2", "--reason", "disk"));
        Assert.True(AllServedBy(1), daemon.CombinedOutput);
        Assert.Equal("pool/server2: maintenance already\n", Sidestep("maintenance", "server2", "--reason", "disk"));

        daemon.Kill();
        daemon = _segment.Start();
        Assert.True(AllServedBy(1), daemon.CombinedOutput);
        var entry = Assert.Single(_segment.Status().GetProperty("overrides").EnumerateArray());
        Assert.Equal(("server2", "maintenance", "disk"), (entry.GetProperty("server").GetString(),
            entry.GetProperty("state").GetString(), entry.GetProperty("reason").GetString()));

        Assert.Equal("pool/server2: as configured\n", Sidestep("undrain", Segment.AddressOf(2)));
        Assert.False(AllServedBy(1), "server 2 gets no flows");
    }

    /// <summary>What a drain does to the flows of a server has tests of its own: this is the same state.</summary>
    [Fact]
    public void Drain_of_the_command_is_the_state_draining()
    {
        _segment.Start();
        Assert.False(AllServedBy(1));
        Assert.Equal("pool/server2: draining\n", Sidestep("drain", "server2", "--wait", "--timeout", "60"));
        Assert.True(AllServedBy(1), _segment.StatusText());
        var server = _segment.Status().GetProperty("pools")[0].GetProperty("servers").EnumerateArray()
            .Single(static s => s.GetProperty("name").GetString() == "server2");
        Assert.Equal("draining", server.GetProperty("state").GetString());
        Assert.Equal("pool/server2: as configured\n", Sidestep("undrain", "server2"));
        Assert.False(AllServedBy(1), "server 2 gets no flows");
    }

    [Fact]
    public void Weight_changes_the_share_and_the_dry_run_changes_nothing()
    {
        _segment.Start();
        Assert.Contains("server2", Sidestep("weight", "server2", "0", "--dry-run"), StringComparison.Ordinal);
        Assert.False(AllServedBy(1));
        Assert.Equal("pool/server2: weight 0\n", Sidestep("weight", "server2", "0"));
        Assert.True(AllServedBy(1), _segment.StatusText());
        Assert.Equal("pool/server2: as configured\n", Sidestep("weight", "server2", "default"));
        Assert.False(AllServedBy(1), "server 2 gets no flows");
    }

    public void Dispose() => _segment.Dispose();

    /// <summary>Sends a flow of every client, and looks which server replies.</summary>
    private bool AllServedBy(int server)
    {
        using var traffic = _segment.Send();
        traffic.WaitForSent(2 * Segment.Sources.Count);
        return traffic.Stop().All(e => e.Server == server);
    }

    private string Sidestep(params string[] arguments) => Shell.Run([Repository.Executable("Sidestep.Cli", "sidestep"),
        .. arguments, "--name", _segment.File.Name, "--pin-path", _segment.File.PinPath]);
}
