using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>The engine numbers the combinations of timeouts and policies that profiles have.</summary>
internal static class ProfileSettings
{
    public static void Check(Document document, IssueList issues)
    {
        var combinations = new HashSet<(IdleTimeouts, TooBigPolicy, UdpPolicy)>
        {
            (IdleTimeouts.Default, TooBigPolicy.Answer, UdpPolicy.Stay),
        };
        foreach (var profile in document.Profiles)
        {
            if (!combinations.Add((NetworkProfileSchema.Timeouts(profile), profile.Value(NetworkProfileSchema.TooBig),
                    profile.Value(NetworkProfileSchema.UdpInTransition))) || combinations.Count != Limits.ProfileSettings + 1)
                continue;
            issues.Error(profile.Path, profile.Node.Position, null,
                $"with this profile there are more than {Limits.ProfileSettings} combinations of idleTimeouts, tooBig and "
                + "udpInTransition, the default included", "Let profiles have the same timeouts");
            return;
        }
    }
}
