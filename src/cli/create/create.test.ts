import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultConfiguration } from "../../../api/kubevirt/configuration.ts";
import { validateVirtualMachine } from "../../../api/kubevirt/validate/vm.ts";
import { accessCredential } from "./access-credentials.ts";
import { cloudInitVolume } from "./cloud-init.ts";
import { renderInstancetype, renderPreference } from "./render-made-of.ts";
import { renderVm, type VmOptions } from "./render-vm.ts";
import { parseMatcher, parseWords, randomName } from "./words.ts";

const vm = (options: Partial<VmOptions> = {}) =>
  renderVm({ name: "web", runStrategy: "Always", terminationGracePeriod: 180, ...options });

test("words are key:value, and a value may hold colons", () => {
  const known = ["src", "name"] as const;
  assert.deepEqual(parseWords("f", "src:quay.io/a:1,name:root", known), { src: "quay.io/a:1", name: "root" });
  for (const wrong of ["src", "src:", "size:1Gi", ""])
    assert.throws(() => parseWords("f", wrong, known), /--f: /, wrong);
  assert.deepEqual(parseMatcher("f", "virtualmachinepreference/mine"), {
    kind: "virtualmachinepreference",
    name: "mine",
  });
  for (const wrong of ["", "/a", "a/", "a/b/c"]) assert.throws(() => parseMatcher("f", wrong), /--f: /, wrong);
  assert.match(randomName("vm"), /^vm-[a-z2-9]{5}$/);
});

test("without an instance type there is memory, and the manifest may be stored", () => {
  const machine = vm({ volumeContainerdisk: ["src:localhost/vmpod/guest:latest"] });
  assert.deepEqual(machine.spec.template.spec, {
    terminationGracePeriodSeconds: 180,
    domain: { devices: {}, memory: { guest: "512Mi" } },
    volumes: [{ name: "web-containerdisk-0", containerDisk: { image: "localhost/vmpod/guest:latest" } }],
  });
  assert.deepEqual(validateVirtualMachine(machine, defaultConfiguration), []);
  assert.equal(vm({ memory: "1Gi" }).spec.template.spec.domain.memory?.guest, "1Gi");
});

test("an instance type and a preference are named, of the cluster unless their kind is said", () => {
  const { spec } = vm({ instancetype: "u1.small", preference: "virtualmachinepreference/mine" });
  assert.deepEqual(spec.instancetype, { name: "u1.small" });
  assert.deepEqual(spec.preference, { kind: "virtualmachinepreference", name: "mine" });
  assert.equal(spec.template.spec.domain.memory, undefined);
});

test("what is inferred follows from the boot volume, and only what was asked for must succeed", () => {
  const volumes = { volumePvc: ["src:data,bootorder:2", "src:disk,name:root,bootorder:1"] };
  const ignore = { inferFromVolumeFailurePolicy: "Ignore" };
  const table: [Partial<VmOptions>, object | undefined, object | undefined, string | undefined][] = [
    [volumes, { inferFromVolume: "root", ...ignore }, { inferFromVolume: "root", ...ignore }, "512Mi"],
    [
      { ...volumes, inferInstancetype: true },
      { inferFromVolume: "root" },
      { inferFromVolume: "root", ...ignore },
      undefined,
    ],
    [
      { ...volumes, inferInstancetypeFrom: "data", inferPreferenceFrom: "data" },
      { inferFromVolume: "data" },
      { inferFromVolume: "data" },
      undefined,
    ],
    [{ ...volumes, inferInstancetype: false, inferPreference: false }, undefined, undefined, "512Mi"],
    [{ ...volumes, memory: "1Gi", preference: "debian" }, undefined, { name: "debian" }, "1Gi"],
    [{ volumeContainerdisk: ["src:a"] }, undefined, undefined, "512Mi"],
  ];
  for (const [options, instancetype, preference, memory] of table) {
    const { spec } = vm(options);
    assert.deepEqual(spec.instancetype, instancetype);
    assert.deepEqual(spec.preference, preference);
    assert.equal(spec.template.spec.domain.memory?.guest, memory);
  }
});

test("imports make templates of DataVolumes", () => {
  const { spec } = vm({
    volumeImport: ["type:http,url:https://a/b.img,size:5Gi,name:root", "type:ds,src:images/debian"],
  });
  assert.deepEqual(
    spec.template.spec.volumes?.map(({ name, dataVolume }) => [name, dataVolume?.name]),
    [
      ["root", "root"],
      ["web-imported-volume-1", "web-imported-volume-1"],
    ],
  );
  const [http, dataSource] = spec.dataVolumeTemplates ?? [];
  assert.deepEqual(http?.spec.source, { http: { url: "https://a/b.img" } });
  assert.deepEqual(http?.spec.storage, { resources: { requests: { storage: "5Gi" } } });
  assert.deepEqual(dataSource?.spec.sourceRef, { kind: "DataSource", namespace: "images", name: "debian" });
});

test("cloud-init is told who may log in, or what its user wrote", () => {
  assert.equal(cloudInitVolume({}), undefined);
  const volume = cloudInitVolume({ user: "me", password: "secret", sshKey: ["ssh-ed25519 A"] });
  assert.equal(
    volume?.cloudInitNoCloud?.userData,
    "#cloud-config\nuser: me\npassword: secret\nchpasswd:\n  expire: false\nssh_authorized_keys:\n  - ssh-ed25519 A\n",
  );
  const drive = cloudInitVolume({ cloudInit: "configDrive", cloudInitUserData: "YQ==", cloudInitNetworkData: "Yg==" });
  assert.deepEqual(drive?.cloudInitConfigDrive, { userDataBase64: "YQ==", networkDataBase64: "Yg==" });
});

test("answers for Windows' setup come on a cdrom", () => {
  const { volumes, domain } = vm({ volumeSysprep: "src:answers,type:Secret" }).spec.template.spec;
  assert.deepEqual(volumes?.at(-1), { name: "sysprepdisk", sysprep: { secret: { name: "answers" } } });
  assert.deepEqual(domain.devices.disks, [{ name: "sysprepdisk", cdrom: { bus: "sata" } }]);
  const [volume] = vm({ volumeSysprep: "src:answers" }).spec.template.spec.volumes ?? [];
  assert.deepEqual(volume?.sysprep, { configMap: { name: "answers" } });
});

test("flags that contradict each other, or say what is not, are refused by name", () => {
  const table: [Partial<VmOptions>, RegExp][] = [
    [{ runStrategy: "Sometimes" }, /--run-strategy: "Sometimes" is none of Always/],
    [{ memory: "1Gi", instancetype: "u1.small" }, /--memory and --instancetype exclude each other/],
    [{ inferInstancetype: true }, /--infer-instancetype: there is no such volume/],
    [{ inferPreferenceFrom: "x" }, /--infer-preference-from x: /],
    [{ volumePvc: ["src:other/disk"] }, /--volume-pvc: src:NAME/],
    [{ volumeContainerdisk: ["src:a,bootorder:0"] }, /bootorder "0" must be/],
    [{ volumeSysprep: "type:secret" }, /--volume-sysprep: src:NAME/],
    [{ volumeSysprep: "src:a,type:floppy" }, /type:floppy is neither/],
    [{ volumeImport: ["type:tape"] }, /type:tape is none of blank, http/],
    [{ volumeImport: ["type:http"] }, /type:http needs url:VALUE/],
    [{ user: "me", cloudInitUserData: "YQ==" }, /--cloud-init-user-data excludes/],
    [{ user: "me", cloudInit: "none" }, /--cloud-init none excludes/],
    [{ cloudInit: "floppy" }, /--cloud-init: "floppy" is none of/],
  ];
  for (const [options, message] of table) assert.throws(() => vm(options), message);
});

test("instance types and preferences are of the cluster unless they are to be of a namespace", () => {
  const options = { name: "a", cpu: 2, memory: "1Gi", gpu: ["name:g,devicename:nvidia.com/a"] };
  assert.deepEqual(renderInstancetype({ ...options, namespace: "ignored" }), {
    apiVersion: "instancetype.kubevirt.io/v1beta1",
    kind: "VirtualMachineClusterInstancetype",
    metadata: { name: "a" },
    spec: { cpu: { guest: 2 }, memory: { guest: "1Gi" }, gpus: [{ name: "g", deviceName: "nvidia.com/a" }] },
  });
  const preference = renderPreference({ name: "b", namespaced: true, namespace: "lab", cpuTopology: "cores" });
  assert.deepEqual([preference.kind, preference.metadata?.namespace], ["VirtualMachinePreference", "lab"]);
  assert.throws(() => renderInstancetype({ ...options, cpu: 0 }), /spec\.cpu\.guest: /);
  assert.throws(() => renderPreference({ name: "b", cpuTopology: "rings" }), /unknown preferredCPUTopology rings/);
});

test("who may log in is a Secret's matter, by the agent unless said otherwise", () => {
  const secret = { source: { secret: { secretName: "keys" } } };
  assert.deepEqual(accessCredential("src:keys", "me"), {
    sshPublicKey: { ...secret, propagationMethod: { qemuGuestAgent: { users: ["me"] } } },
  });
  assert.deepEqual(accessCredential("type:ssh,src:keys,method:nocloud", undefined), {
    sshPublicKey: { ...secret, propagationMethod: { noCloud: {} } },
  });
  assert.deepEqual(accessCredential("type:password,src:keys", undefined), {
    userPassword: { ...secret, propagationMethod: { qemuGuestAgent: {} } },
  });
  for (const wrong of ["src:keys", "type:ssh", "src:a/b,user:me", "type:pin,src:keys", "src:keys,method:post", "x"])
    assert.throws(() => accessCredential(wrong, undefined), /--access-cred/, wrong);
});

test("a guest whose agent is to write keys is told to let it", () => {
  const volume = cloudInitVolume({ gaManageSsh: true });
  assert.match(volume?.cloudInitNoCloud?.userData ?? "", /runcmd:\n +- - setsebool\n/);
});
