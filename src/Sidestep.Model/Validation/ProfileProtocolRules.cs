using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>A profile with a type is for services of that protocol.</summary>
internal static class ProfileProtocolRules
{
    public static void Check(ConfigurationDocument document, IssueList issues)
    {
        foreach (var service in document.Services)
        {
            if (service.Find(VirtualServiceSchema.Protocol) is not { } protocol
                || service.Find(VirtualServiceSchema.NetworkProfile) is not { } profile
                || document.ProfileOf(service)?.Find(NetworkProfileSchema.Type) is not { } type)
                continue;
            if (type.Value == ProfileType.TcpFastPath && protocol.Value != TransportProtocol.Tcp)
                issues.Error(profile.Path, profile.Node,
                    $"the profile has the type tcp-fast-path, but the service is {Word(protocol.Value)}",
                    protocol.Value == TransportProtocol.Udp
                        ? "Use a profile of the type udp-fast-path, or one without a type"
                        : "Use a profile without a type");
            if (type.Value == ProfileType.UdpFastPath && protocol.Value != TransportProtocol.Udp)
                issues.Error(profile.Path, profile.Node,
                    $"the profile has the type udp-fast-path, but the service is {Word(protocol.Value)}",
                    protocol.Value == TransportProtocol.Tcp
                        ? "Use a profile of the type tcp-fast-path, or one without a type"
                        : "Use a profile without a type");
        }
    }

    private static string Word(TransportProtocol protocol) =>
        protocol == TransportProtocol.Any ? "for any protocol" : protocol.ToString().ToLowerInvariant();
}
