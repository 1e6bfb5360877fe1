using System.Collections.Immutable;
using Sidestep.Api.Status;
using Sidestep.Forwarding;

namespace Sidestep.Control.Health;

/// <summary>Writes the health of a server for operators.</summary>
internal static class ServerHealthReports
{
    /// <param name="server">The server in one group.</param>
    /// <param name="health">The health of that group.</param>
    /// <param name="mtu">The measured path MTU; null: none yet.</param>
    /// <param name="passiveSignals">Faults that showed in traffic.</param>
    internal static ServerHealthReport Of(ServerHealthState server, GroupHealth health, PathMtuResult? mtu,
        ImmutableArray<string> passiveSignals)
    {
        var (group, address) = (server.Server.Group, server.Server.Server.VrfAddress);
        var failingCheck = server.FailingCheck;
        var isHealthy = health.Healthy.Contains(address);
        return new ServerHealthReport
        {
            Pool = group.Pool.ToString(),
            Encap = group.Encap.ToString(),
            OfService = group.Service?.ToString(),
            Name = server.Server.Server.Name,
            Address = address.Address,
            Healthy = isHealthy,
            Since = server.Since,
            DsrPath = server.DsrPath,
            Service = server.Service,
            Error = failingCheck is null ? null : CheckText.Describe(failingCheck),
            ErrorAt = failingCheck?.ErrorAt,
            WaitsForAgent = !isHealthy && server.Status == HealthStatus.Up,
            ServesInPanic = !isHealthy && health.Serves(address),
            PassiveSignals = passiveSignals,
            PathMtu = mtu?.PathMtu,
            MeasuredPathMtu = mtu?.MeasuredPathMtu,
            MtuProblem = mtu?.Problem,
            Checks = [.. server.Checks.Select(Of)],
        };
    }

    private static HealthCheckReport Of(CheckState check) => new()
    {
        Monitor = check.Check.Key.Monitor,
        Target = CheckText.TargetOf(check.Check.Key),
        ProbePath = check.Check.Key.ThroughDsrPath ? "dsr-path" : "server",
        Status = check.Status,
        Unproven = ServerHealthState.IsUnproven(check),
        Responds = check.Responds,
        Since = check.Since,
        Error = check.Error,
        ErrorAt = check.ErrorAt,
    };
}
