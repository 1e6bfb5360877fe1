using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>The engine numbers the combinations of timeouts and policies of profiles, and their number is
/// limited.</summary>
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
            var combination = (NetworkProfileSchema.Timeouts(profile), profile.Value(NetworkProfileSchema.Oversized),
                profile.Value(NetworkProfileSchema.UdpOnRebalance));
            if (!combinations.Add(combination) || combinations.Count != Limits.ProfileCombinations + 1)
                continue;
            issues.Error(profile.Path, profile.Node.Position, null,
                $"with this profile there are more than {Limits.ProfileCombinations} combinations of idleTimeouts, "
                + "oversized and udpOnRebalance, the default included", "Give profiles the same timeouts");
            return;
        }
    }
}
