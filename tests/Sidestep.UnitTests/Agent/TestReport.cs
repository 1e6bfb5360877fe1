using Sidestep.Api;

namespace Sidestep.UnitTests.Agent;

/// <summary>Reports of agents.</summary>
internal static class TestReport
{
    /// <summary>A report in which nothing is reported.</summary>
    public static AgentReport Empty { get; } = new()
    {
        AgentVersion = "0.0.0",
        HostName = "server1",
        OperatingSystem = "linux",
        WallClock = DateTimeOffset.UnixEpoch,
        Instance = "1",
    };
}
