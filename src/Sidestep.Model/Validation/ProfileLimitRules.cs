using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>The engine numbers the combinations of settings that services have from their profiles and pools, and the
/// number of combinations is limited.</summary>
internal static class ProfileLimitRules
{
    public static void Check(ConfigurationDocument document, IssueList issues)
    {
        var combinations = new HashSet<(IdleTimeouts, OversizedPolicy, UdpRebalancePolicy, Persistence?)>();
        foreach (var service in document.Services)
        {
            if (!combinations.Add(Combination(document, service))
                || combinations.Count != Limits.ProfileCombinations + 1)
                continue;
            issues.Error(service.Path, service.Node.Position, null,
                $"with this service there are more than {Limits.ProfileCombinations} combinations of idleTimeouts, "
                + "oversized, udpOnRebalance and persistence", "Give profiles the same timeouts, or pools the same "
                + "persistence");
            return;
        }
    }

    private static (IdleTimeouts, OversizedPolicy, UdpRebalancePolicy, Persistence?) Combination(
        ConfigurationDocument document, BoundMapping service)
    {
        // Another rule reports a missing timeout.
        var persistence = document.PoolOf(service)?.Find(PoolSchema.Persistence) is { } written
            && written.Value.Find(PersistenceSchema.Timeout) is not null
            ? PersistenceSchema.Build(written.Value) : null;
        return document.ProfileOf(service) is { } profile
            ? (NetworkProfileSchema.Timeouts(profile), profile.Value(NetworkProfileSchema.Oversized),
                profile.Value(NetworkProfileSchema.UdpOnRebalance), persistence)
            : (IdleTimeouts.Default, OversizedPolicy.Icmp, UdpRebalancePolicy.Stay, persistence);
    }
}
