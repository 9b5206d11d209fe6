/** The kinds of the core group. */
import type * as models from "kubernetes-models/v1";
import type { Kind, Resource } from "./meta.ts";

export interface Namespace extends Kind<models.INamespace> {}
export interface Node extends Kind<models.INode> {}
export interface Pod extends Kind<models.IPod> {}
export interface Service extends Kind<models.IService> {}
export interface Endpoints extends Kind<models.IEndpoints> {}
export interface ConfigMap extends Kind<models.IConfigMap> {}
export interface Secret extends Kind<models.ISecret> {}
export interface ServiceAccount extends Kind<models.IServiceAccount> {}
export interface PersistentVolume extends Kind<models.IPersistentVolume> {}
export interface PersistentVolumeClaim extends Kind<models.IPersistentVolumeClaim> {}
export interface Event extends Kind<models.IEvent> {}
export interface PodTemplate extends Kind<models.IPodTemplate> {}
export interface LimitRange extends Kind<models.ILimitRange> {}
export interface ResourceQuota extends Kind<models.IResourceQuota> {}
export interface ReplicationController extends Kind<models.IReplicationController> {}
export interface Binding extends Kind<models.IBinding> {}

export type PodSpec = models.IPodSpec;
export type PodStatus = models.IPodStatus;
export type PodTemplateSpec = models.IPodTemplateSpec;
export type PodCondition = models.IPodCondition;
export type PodIP = models.IPodIP;
export type Container = models.IContainer;
export type ContainerPort = models.IContainerPort;
export type ContainerStatus = models.IContainerStatus;
export type ContainerState = models.IContainerState;
export type ContainerStateRunning = models.IContainerStateRunning;
export type ContainerStateTerminated = models.IContainerStateTerminated;
export type ContainerStateWaiting = models.IContainerStateWaiting;
export type EphemeralContainer = models.IEphemeralContainer;
export type EnvVar = models.IEnvVar;
export type EnvVarSource = models.IEnvVarSource;
export type EnvFromSource = models.IEnvFromSource;
export type Lifecycle = models.ILifecycle;
export type LifecycleHandler = models.ILifecycleHandler;
export type Probe = models.IProbe;
export type ExecAction = models.IExecAction;
export type HTTPGetAction = models.IHTTPGetAction;
export type TCPSocketAction = models.ITCPSocketAction;
export type GRPCAction = models.IGRPCAction;
export type ResourceRequirements = models.IResourceRequirements;
export type SecurityContext = models.ISecurityContext;
export type PodSecurityContext = models.IPodSecurityContext;
export type SELinuxOptions = models.ISELinuxOptions;
export type Capabilities = models.ICapabilities;
export type SeccompProfile = models.ISeccompProfile;
export type Volume = models.IVolume;
export type VolumeMount = models.IVolumeMount;
export type VolumeDevice = models.IVolumeDevice;
export type EmptyDirVolumeSource = models.IEmptyDirVolumeSource;
export type HostPathVolumeSource = models.IHostPathVolumeSource;
export type ConfigMapVolumeSource = models.IConfigMapVolumeSource;
export type SecretVolumeSource = models.ISecretVolumeSource;
export type ImageVolumeSource = models.IImageVolumeSource;
export type ProjectedVolumeSource = models.IProjectedVolumeSource;
export type DownwardAPIVolumeSource = models.IDownwardAPIVolumeSource;
export type DownwardAPIVolumeFile = models.IDownwardAPIVolumeFile;
export type PersistentVolumeClaimVolumeSource = models.IPersistentVolumeClaimVolumeSource;
export type KeyToPath = models.IKeyToPath;
export type Toleration = models.IToleration;
export type Taint = models.ITaint;
export type Affinity = models.IAffinity;
export type NodeAffinity = models.INodeAffinity;
export type NodeSelector = models.INodeSelector;
export type NodeSelectorTerm = models.INodeSelectorTerm;
export type NodeSelectorRequirement = models.INodeSelectorRequirement;
export type PodAffinity = models.IPodAffinity;
export type PodAffinityTerm = models.IPodAffinityTerm;
export type PodAntiAffinity = models.IPodAntiAffinity;
export type PreferredSchedulingTerm = models.IPreferredSchedulingTerm;
export type WeightedPodAffinityTerm = models.IWeightedPodAffinityTerm;
export type TopologySpreadConstraint = models.ITopologySpreadConstraint;
export type LocalObjectReference = models.ILocalObjectReference;
export type ObjectReference = models.IObjectReference;
export type ObjectFieldSelector = models.IObjectFieldSelector;
export type ResourceFieldSelector = models.IResourceFieldSelector;
export type NamespaceSpec = models.INamespaceSpec;
export type NamespaceStatus = models.INamespaceStatus;
export type NodeSpec = models.INodeSpec;
export type NodeStatus = models.INodeStatus;
export type NodeAddress = models.INodeAddress;
export type NodeCondition = models.INodeCondition;
export type NodeSystemInfo = models.INodeSystemInfo;
export type ContainerImage = models.IContainerImage;
export type ServiceSpec = models.IServiceSpec;
export type ServiceStatus = models.IServiceStatus;
export type ServicePort = models.IServicePort;
export type EndpointSubset = models.IEndpointSubset;
export type EndpointAddress = models.IEndpointAddress;
export type EndpointPort = models.IEndpointPort;
export type EventSource = models.IEventSource;
export type EventSeries = models.IEventSeries;
export type PersistentVolumeSpec = models.IPersistentVolumeSpec;
export type PersistentVolumeStatus = models.IPersistentVolumeStatus;
export type PersistentVolumeClaimSpec = models.IPersistentVolumeClaimSpec;
export type PersistentVolumeClaimStatus = models.IPersistentVolumeClaimStatus;
export type HostAlias = models.IHostAlias;
export type PodDNSConfig = models.IPodDNSConfig;

export const namespaces: Resource<Namespace> = {
  group: "",
  version: "v1",
  plural: "namespaces",
  kind: "Namespace",
  namespaced: false,
};
export const nodes: Resource<Node> = { group: "", version: "v1", plural: "nodes", kind: "Node", namespaced: false };
export const pods: Resource<Pod> = { group: "", version: "v1", plural: "pods", kind: "Pod", namespaced: true };
export const services: Resource<Service> = {
  group: "",
  version: "v1",
  plural: "services",
  kind: "Service",
  namespaced: true,
};
export const endpoints: Resource<Endpoints> = {
  group: "",
  version: "v1",
  plural: "endpoints",
  kind: "Endpoints",
  namespaced: true,
};
export const configMaps: Resource<ConfigMap> = {
  group: "",
  version: "v1",
  plural: "configmaps",
  kind: "ConfigMap",
  namespaced: true,
};
export const secrets: Resource<Secret> = {
  group: "",
  version: "v1",
  plural: "secrets",
  kind: "Secret",
  namespaced: true,
};
export const serviceAccounts: Resource<ServiceAccount> = {
  group: "",
  version: "v1",
  plural: "serviceaccounts",
  kind: "ServiceAccount",
  namespaced: true,
};
export const persistentVolumes: Resource<PersistentVolume> = {
  group: "",
  version: "v1",
  plural: "persistentvolumes",
  kind: "PersistentVolume",
  namespaced: false,
};
export const persistentVolumeClaims: Resource<PersistentVolumeClaim> = {
  group: "",
  version: "v1",
  plural: "persistentvolumeclaims",
  kind: "PersistentVolumeClaim",
  namespaced: true,
};
export const events: Resource<Event> = {
  group: "",
  version: "v1",
  plural: "events",
  kind: "Event",
  namespaced: true,
};
export const podTemplates: Resource<PodTemplate> = {
  group: "",
  version: "v1",
  plural: "podtemplates",
  kind: "PodTemplate",
  namespaced: true,
};
export const limitRanges: Resource<LimitRange> = {
  group: "",
  version: "v1",
  plural: "limitranges",
  kind: "LimitRange",
  namespaced: true,
};
export const resourceQuotas: Resource<ResourceQuota> = {
  group: "",
  version: "v1",
  plural: "resourcequotas",
  kind: "ResourceQuota",
  namespaced: true,
};
export const replicationControllers: Resource<ReplicationController> = {
  group: "",
  version: "v1",
  plural: "replicationcontrollers",
  kind: "ReplicationController",
  namespaced: true,
};
export const bindings: Resource<Binding> = {
  group: "",
  version: "v1",
  plural: "bindings",
  kind: "Binding",
  namespaced: true,
};
