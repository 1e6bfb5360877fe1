using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>The engine numbers the combinations of timeouts and policies that profiles have.</summary>
internal static class ProfileLimitRules
{
    public static void Check(ConfigurationDocument document, IssueList issues)
    {
        var combinations = new HashSet<(IdleTimeouts, OversizedPolicy, UdpRebalancePolicy)>
        {
            (IdleTimeouts.Default, OversizedPolicy.Icmp, UdpRebalancePolicy.Stay),
        };
        foreach (var profile in document.Profiles)
        {
            if (!combinations.Add((NetworkProfileSchema.Timeouts(profile), profile.Value(NetworkProfileSchema.Oversized),
                    profile.Value(NetworkProfileSchema.UdpOnRebalance))) || combinations.Count != Limits.ProfileCombinations + 1)
                continue;
            issues.Error(profile.Path, profile.Node.Position, null,
                $"with this profile there are more than {Limits.ProfileCombinations} combinations of idleTimeouts, oversized and "
                + "udpOnRebalance, the default included", "Let profiles have the same timeouts");
            return;
        }
    }
}
